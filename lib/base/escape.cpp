#include "base/escape.h"

namespace attestrd {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// Returns the letter after the backslash of a two-character escape, or '\0' if there is none.
char short_name_of(char16_t unit, EscapeForm form) {
  if (unit == '"' || unit == '\\') return static_cast<char>(unit);
  if (form != EscapeForm::json_short) return '\0';
  switch (unit) {
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\f': return 'f';
    case '\r': return 'r';
    default: return '\0';
  }
}

bool is_c1_control(std::string_view sequence) {
  return sequence[0] == '\xc2' && static_cast<unsigned char>(sequence[1]) < 0xa0;
}

/// Appends a code point as one `\uXXXX`, or two for one above U+FFFF.
void append_units(std::string& out, char32_t point) {
  if (point > 0xffff) {
    out +=
        Escape(static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10)), EscapeForm::json).view();
    point = 0xdc00 + (point & 0x3ff);
  }
  out += Escape(static_cast<char16_t>(point), EscapeForm::json).view();
}

/// Appends the sequence or the byte at the start of `text`, repaired. Returns its length in `text`.
std::size_t append_repaired(std::string& out, std::string_view text) {
  const std::size_t length = utf8_length(text);
  if (length == 0 || is_c1_control(text)) {
    out += kReplacement;
    return length == 0 ? 1 : length;
  }
  const std::string_view sequence = text.substr(0, length);
  if (const char32_t point = utf8_point(sequence); is_invisible(point)) {
    append_units(out, point);
  } else {
    out += sequence;
  }
  return length;
}

}  // namespace

Escape::Escape(char16_t unit, EscapeForm form) {
  constexpr std::string_view kLower = "0123456789abcdef";
  constexpr std::string_view kUpper = "0123456789ABCDEF";
  const auto digit = [unit](std::string_view digits, int place) {
    return digits[static_cast<std::size_t>(unit >> (4 * place)) & 15];
  };
  switch (form) {
    case EscapeForm::hex:
      text_ = {'\\', 'x', digit(kLower, 1), digit(kLower, 0)};
      length_ = 4;
      return;
    case EscapeForm::percent:
      text_ = {'%', digit(kUpper, 1), digit(kUpper, 0)};
      length_ = 3;
      return;
    case EscapeForm::json:
    case EscapeForm::json_short: break;
  }
  if (const char name = short_name_of(unit, form)) {
    text_ = {'\\', name};
    length_ = 2;
  } else {
    text_ = {'\\', 'u', digit(kLower, 3), digit(kLower, 2), digit(kLower, 1), digit(kLower, 0)};
    length_ = 6;
  }
}

void append_escaped(std::string& out, std::string_view text, const EscapePolicy& policy) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && policy.plain.contains(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const auto byte = static_cast<unsigned char>(text.front());
    if (policy.repairs_utf8 && byte >= 0x80) {
      text.remove_prefix(append_repaired(out, text));
    } else {
      out += Escape(byte, policy.form).view();
      text.remove_prefix(1);
    }
  }
}

std::string escaped(std::string_view text, const EscapePolicy& policy) {
  std::string out;
  append_escaped(out, text, policy);
  return out;
}

}  // namespace attestrd
