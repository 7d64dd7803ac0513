#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/limits.h"
#include "json/json_scanner.h"

namespace attestrd {

/// What a member of an object holds.
enum class JsonKind : std::uint8_t { absent, null, boolean, number, string, array, object };

/// A member that a reader asks for by name, and the slice of the text that it finds there.
struct JsonMember {
  std::string_view name;  ///< Unescaped.
  JsonKind kind = JsonKind::absent;
  std::string_view text = {};  ///< As it stands; a string without its quotes.
};

/// Checks that `text` is one JSON object in which no object, at any depth, has a key twice (told
/// apart after unescaping), and fills in those of its members that are `wanted`. One pass; n log n
/// in the number of keys of one object, whatever the keys are; no allocation unless a text holds
/// more than some forty keys at once. After a fault what was filled in means nothing.
/// `duplicate_key` says that all else is in order. `max_depth` is as in JsonScanner.
JsonFault scan_object(std::string_view text, std::span<JsonMember> wanted,
                      std::size_t max_depth = limits::kJsonDepth);

}  // namespace attestrd
