#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace attestrd {

// Text as bytes: ASCII classes, hexadecimal digits and UTF-8. Nothing here depends on a locale.

/// A set of byte values. A query is one load from a table of 256 bytes.
class CharSet {
 public:
  constexpr CharSet() = default;
  constexpr explicit CharSet(std::string_view members) {
    for (const char c : members) is_member_[static_cast<unsigned char>(c)] = true;
  }

  /// Returns the set of all bytes from `first` to `last`, both included.
  static constexpr CharSet range(unsigned char first, unsigned char last) {
    CharSet set;
    for (std::size_t byte = first; byte <= last; ++byte) set.is_member_[byte] = true;
    return set;
  }

  constexpr CharSet operator|(const CharSet& other) const {
    CharSet both;
    for (std::size_t byte = 0; byte < is_member_.size(); ++byte)
      both.is_member_[byte] = is_member_[byte] || other.is_member_[byte];
    return both;
  }

  /// Returns the set of the bytes that are not in this set.
  constexpr CharSet operator~() const {
    CharSet others;
    for (std::size_t byte = 0; byte < is_member_.size(); ++byte)
      others.is_member_[byte] = !is_member_[byte];
    return others;
  }

  constexpr bool contains(char c) const { return is_member_[static_cast<unsigned char>(c)]; }

  /// Returns whether every byte of `text` is a member; true for an empty text.
  constexpr bool contains_all(std::string_view text) const {
    for (const char c : text)
      if (!contains(c)) return false;
    return true;
  }

 private:
  std::array<bool, 256> is_member_{};
};

inline constexpr CharSet kDigits = CharSet::range('0', '9');
inline constexpr CharSet kLowerLetters = CharSet::range('a', 'z');
inline constexpr CharSet kLettersAndDigits = kLowerLetters | CharSet::range('A', 'Z') | kDigits;
inline constexpr CharSet kVisible = CharSet::range('!', '~');  ///< ASCII without the blank.
inline constexpr CharSet kControls = CharSet::range(0, 0x1f) | CharSet("\x7f");

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// Returns whether the texts differ at most in the case of ASCII letters.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// Returns the value of a hexadecimal digit of either case; -1 for any other character.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Reads exactly two hexadecimal digits of either case for each of `bytes`. After a failure (false)
/// the contents of `bytes` are unspecified.
bool decode_hex(std::string_view hex, std::span<unsigned char> bytes);

/// Returns the length in bytes of the well-formed UTF-8 sequence at the start of `text` (Unicode
/// Standard, table 3-7), 1 to 4, or 0 if there is none. `text` must not be empty.
std::size_t utf8_length(std::string_view text);

/// Returns the code point of `sequence`, one well-formed sequence (see utf8_length()).
char32_t utf8_point(std::string_view sequence);

/// Returns whether a character has no glyph of its own, and so can hide in a text, reorder it or
/// break its lines: those of zero width, the controls of bidirectional text, the separators of
/// lines and paragraphs, soft hyphens, fillers, variation selectors and tags (Unicode 15).
bool is_invisible(char32_t point);

/// Writes `point` in UTF-8 (in WTF-8 for a surrogate, which UTF-8 can't encode) at `out`, which
/// must have space for four bytes. Returns the end.
char* put_utf8(char32_t point, char* out);

}  // namespace attestrd
