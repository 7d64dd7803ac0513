#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace attestrd::fuzz {

/// What a line of a submission asks for, by the README and Boost.JSON.
struct Wish {
  std::string id;
  std::string tag;
  std::optional<std::int64_t> expiry_ms;
};

/// Nothing: the line is bad, or says nothing.
std::optional<Wish> wish_of(std::string_view line);

/// Whether the line is blank or a comment.
bool says_nothing(std::string_view line);

bool is_id(std::string_view text);

}  // namespace attestrd::fuzz
