#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/limits.h"
#include "json/json_scanner.h"

namespace attestrd {

/// The type of the value of a member.
enum class JsonKind : std::uint8_t { absent, null, boolean, number, string, array, object };

/// A member requested by name, and the slice of the text that is its value.
struct JsonMember {
  std::string_view name;  ///< Unescaped.
  JsonKind kind = JsonKind::absent;
  std::string_view text = {};  ///< Unchanged; a string without its quotes.
};

/// Checks that `text` is one JSON object in which no object, at any depth, has a key twice
/// (compared after unescaping) and whose own keys are no twins of a wanted one (is_key_twin()), and
/// fills in its members that are `wanted`. It makes one pass, in
/// O(n log n) of the number of keys of one object, even if an attacker chose them, and allocates
/// nothing unless more than 48 keys are open at once. After a fault the contents of `wanted` are
/// unspecified. `duplicate_key`, which a twin is too, means that `text` has no other fault.
/// `max_depth` is as in JsonScanner.
JsonFault scan_object(std::string_view text, std::span<JsonMember> wanted,
                      std::size_t max_depth = limits::kJsonDepth);

}  // namespace attestrd
