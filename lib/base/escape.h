#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"

namespace attestrd {

// The one escaper: text from outside becomes part of a JSON string, a log line or a file name.

/// How a character is spelled that must not stand as it is.
enum class EscapeForm : std::uint8_t {
  hex,         ///< `\x1b`; for bytes only.
  percent,     ///< `%1B`; for bytes only.
  json,        ///< `\"`, `\\`, and `\u001b` for all others.
  json_short,  ///< As `json`, but `\b`, `\t`, `\n`, `\f` and `\r`, as JSON.stringify has them.
};

/// The spelling of one character, held inline.
class Escape {
 public:
  /// `unit` is a byte, or a UTF-16 code unit in the two JSON forms.
  Escape(char16_t unit, EscapeForm form);

  std::string_view view() const { return {text_.data(), length_}; }

 private:
  std::array<char, 6> text_;
  std::size_t length_;
};

/// Which characters of a text stay and what becomes of the others.
struct EscapePolicy {
  CharSet plain;  ///< These bytes stand for themselves.
  EscapeForm form = EscapeForm::hex;

  /// Bytes above 0x7f are then not looked up in `plain`: well-formed UTF-8 stays, but what is
  /// malformed and the controls U+0080 to U+009F, which can move the cursor of a terminal, become
  /// U+FFFD.
  bool repairs_utf8 = false;
};

/// The inside of a JSON string, for a text that is valid UTF-8.
inline constexpr EscapePolicy kJsonEscapes{~(CharSet::range(0, 0x1f) | CharSet("\"\\")),
                                           EscapeForm::json};

/// The inside of a JSON string, for any bytes: the outcome is valid UTF-8 and harmless to a
/// terminal.
inline constexpr EscapePolicy kLogEscapes{
    ~(kControls | CharSet("\"\\") | CharSet::range(0x80, 0xff)), EscapeForm::json, true};

/// Only the ASCII control characters are escaped.
inline constexpr EscapePolicy kControlEscapes{~kControls, EscapeForm::hex};

/// Only printable ASCII stays, and the backslash is escaped too, so that the outcome is
/// unambiguous.
inline constexpr EscapePolicy kPrintableEscapes{CharSet::range(' ', '[') | CharSet::range(']', '~'),
                                                EscapeForm::hex};

/// Appends `text` to `out`, escaped.
void append_escaped(std::string& out, std::string_view text, const EscapePolicy& policy);

std::string escaped(std::string_view text, const EscapePolicy& policy);

}  // namespace attestrd
