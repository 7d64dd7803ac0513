#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace attestrd::fuzz {

/// The expected contents of a line of a submission, by attestrd-spool(5) and Boost.JSON.
struct Wish {
  std::string id;
  std::string tag;
  std::optional<std::int64_t> expiry_ms;
};

/// Returns the contents of a line; nothing if it is bad, blank or a comment.
std::optional<Wish> wish_of(std::string_view line);

/// Returns whether the line is blank or a comment.
bool says_nothing(std::string_view line);

bool is_id(std::string_view text);

}  // namespace attestrd::fuzz
