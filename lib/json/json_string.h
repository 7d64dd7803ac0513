#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace attestrd {

// Everything here takes the text between the quotes of a JSON string that was found valid (see
// json_scanner.h), as it stands, escapes included.

/// The code point that the escape at `position` of `raw` names; a surrogate pair is one code point,
/// a lone surrogate stands for itself. Moves `position` behind it.
char32_t decode_json_escape(std::string_view raw, std::size_t& position);

/// What the string says, in UTF-8. A lone surrogate, which UTF-8 has no bytes for, becomes the
/// three bytes that it would have (WTF-8), so that different strings stay different.
std::string unescape_json_string(std::string_view raw);

/// The same, into `out`, which has room for `raw.size()` bytes. Returns the length.
std::size_t unescape_json_string(std::string_view raw, char* out);

/// Whether the string says `text`. Allocates only if `raw` holds escapes.
bool json_string_equals(std::string_view raw, std::string_view text);

}  // namespace attestrd
