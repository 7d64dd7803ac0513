#include "json/json_string.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/text.h"

namespace attestrd {
namespace {

constexpr std::size_t kUnicodeEscapeLength = 6;  // \uXXXX

/// Returns the code unit of the escape `\uXXXX` at `position`.
char32_t code_unit(std::string_view raw, std::size_t position) {
  ATTESTRD_CHECK(raw.size() - position >= kUnicodeEscapeLength);
  unsigned value = 0;
  const char* digits = raw.data() + position + 2;
  std::from_chars(digits, digits + 4, value, 16);
  return value;
}

bool is_high_surrogate(char32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }

bool is_low_surrogate(char32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

char32_t short_escape(char name) {
  switch (name) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return static_cast<unsigned char>(name);  // The quote, the backslash and the slash.
  }
}

}  // namespace

char32_t decode_json_escape(std::string_view raw, std::size_t& position) {
  ATTESTRD_CHECK(position + 1 < raw.size());
  if (raw[position + 1] != 'u') {
    position += 2;
    return short_escape(raw[position - 1]);
  }
  const char32_t first = code_unit(raw, position);
  position += kUnicodeEscapeLength;
  if (!is_high_surrogate(first) || raw.substr(position, 2) != "\\u") return first;
  const char32_t second = code_unit(raw, position);
  if (!is_low_surrogate(second)) return first;
  position += kUnicodeEscapeLength;
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

std::size_t unescape_json_string(std::string_view raw, char* out) {
  char* const begin = out;
  for (std::size_t position = 0; position < raw.size();) {
    const std::size_t escape = std::min(raw.find('\\', position), raw.size());
    out = std::copy(raw.begin() + static_cast<std::ptrdiff_t>(position),
                    raw.begin() + static_cast<std::ptrdiff_t>(escape), out);
    position = escape;
    if (position < raw.size()) out = put_utf8(decode_json_escape(raw, position), out);
  }
  return static_cast<std::size_t>(out - begin);
}

std::string unescape_json_string(std::string_view raw) {
  std::string text(raw.size(), '\0');
  text.resize(unescape_json_string(raw, text.data()));
  return text;
}

bool json_string_equals(std::string_view raw, std::string_view text) {
  if (raw.find('\\') == std::string_view::npos) return raw == text;
  return unescape_json_string(raw) == text;
}

}  // namespace attestrd
