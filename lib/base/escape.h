#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"

namespace attestrd {

// The only escaping of the program: it makes external text part of a JSON string, a log line or a
// file name.

/// The notation for a character that must be escaped.
enum class EscapeForm : std::uint8_t {
  hex,         ///< `\x1b`; for bytes only.
  percent,     ///< `%1B`; for bytes only.
  json,        ///< `\"`, `\\`, and `\u001b` for all others.
  json_short,  ///< Like `json`, with `\b`, `\t`, `\n`, `\f` and `\r`, as JSON.stringify has them.
};

/// The escape of one character, stored inline.
class Escape {
 public:
  /// `unit` is a byte, or a UTF-16 code unit in the two JSON forms.
  Escape(char16_t unit, EscapeForm form);

  std::string_view view() const { return {text_.data(), length_}; }

 private:
  std::array<char, 6> text_;
  std::size_t length_;
};

/// The rule that decides which bytes of a text stay unchanged, and how the others are escaped.
struct EscapePolicy {
  CharSet plain;  ///< These bytes stay unchanged.
  EscapeForm form = EscapeForm::hex;

  /// If true, bytes above 0x7f are not looked up in `plain`. Well-formed UTF-8 stays, but malformed
  /// bytes and the controls U+0080 to U+009F, which can move the cursor of a terminal, become
  /// U+FFFD, and characters that hide, reorder or break a text (is_invisible()) become `\u202e`.
  bool repairs_utf8 = false;
};

/// The escapes of text inside a JSON string, for a text that is valid UTF-8.
inline constexpr EscapePolicy kJsonEscapes{~(CharSet::range(0, 0x1f) | CharSet("\"\\")),
                                           EscapeForm::json};

/// The escapes of text inside a JSON string, for any bytes. The output is valid UTF-8, harmless to
/// a terminal, and one line that is shown in the order of its characters.
inline constexpr EscapePolicy kLogEscapes{
    ~(kControls | CharSet("\"\\") | CharSet::range(0x80, 0xff)), EscapeForm::json, true};

/// The escapes of ASCII control characters only.
inline constexpr EscapePolicy kControlEscapes{~kControls, EscapeForm::hex};

/// The escapes of everything but printable ASCII. The backslash is escaped too, so that the output
/// is unambiguous.
inline constexpr EscapePolicy kPrintableEscapes{CharSet::range(' ', '[') | CharSet::range(']', '~'),
                                                EscapeForm::hex};

/// Appends `text` to `out` with escapes.
void append_escaped(std::string& out, std::string_view text, const EscapePolicy& policy);

std::string escaped(std::string_view text, const EscapePolicy& policy);

}  // namespace attestrd
