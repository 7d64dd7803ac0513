#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace attestrd {

/// The text of a number as ECMAScript's JSON.stringify writes it.
class EcmascriptNumber {
 public:
  /// `token` is a JSON number of any length. It becomes the nearest IEEE double, which is then
  /// written as Number::toString does (ECMA-262, 6.1.6.1.20): the fewest digits that read back as
  /// the same double, an exponent from 1e21 and below 1e-6, no sign on a zero. A number too great
  /// for a double becomes "null" (SerializeJSONProperty, step 10).
  explicit EcmascriptNumber(std::string_view token);

  std::string_view view() const { return {text_.data(), length_}; }

 private:
  std::array<char, 32> text_;  ///< The longest text is -1.2345678901234567e-123: 24 bytes.
  std::size_t length_;
};

}  // namespace attestrd
