#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace attestrd {

// The argument `raw` is always the text between the quotes of a valid JSON string (see
// json_scanner.h), escapes included.

/// Returns the code point of the escape at `position` of `raw`. A surrogate pair is one code point;
/// a lone surrogate is returned as it is. Advances `position` to the end of the escape.
char32_t decode_json_escape(std::string_view raw, std::size_t& position);

/// Returns the value of the string in UTF-8. A lone surrogate, which UTF-8 can't encode, becomes
/// the three bytes that WTF-8 has for it, so that different strings stay different.
std::string unescape_json_string(std::string_view raw);

/// Writes the same to `out`, which must have space for `raw.size()` bytes. Returns the length.
std::size_t unescape_json_string(std::string_view raw, char* out);

/// Returns whether the value of the string is `text`. Allocates only if `raw` has escapes.
bool json_string_equals(std::string_view raw, std::string_view text);

}  // namespace attestrd
