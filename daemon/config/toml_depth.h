#pragma once

#include <cstddef>
#include <string_view>

namespace attestrd {

/// Returns the line, counted from 1, of the first key in a TOML text that has more than
/// kConfigKeyParts parts, as in `a.b.c`; 0 if there is none. Must be asked before the text
/// is parsed: the parser makes one table for each part and recurses over them, so that a long key
/// exhausts the stack. It bounds the depth of values itself.
std::size_t line_of_deep_key(std::string_view toml);

}  // namespace attestrd
