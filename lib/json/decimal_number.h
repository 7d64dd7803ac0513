#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace attestrd {

/// The exact value of a JSON number: `digits` times a power of ten.
struct DecimalNumber {
  /// `token` is a JSON number of any length. An exponent beyond 10^12 becomes that.
  explicit DecimalNumber(std::string_view token);

  /// Returns the number of digits before the decimal point; 0 or below for a number below 1.
  std::int64_t point() const { return exponent + static_cast<std::int64_t>(digits.size()); }

  bool is_negative;
  std::string digits;     ///< Without zeros at its ends; empty for zero.
  std::int64_t exponent;  ///< The power of ten of the last digit; 0 for zero.

  friend bool operator==(const DecimalNumber&, const DecimalNumber&) = default;
};

/// Returns whether a JSON number has neither fraction nor exponent. Many parsers read such a number
/// as an integer of any length, and others as a double.
bool is_integer_literal(std::string_view token);

/// Returns whether every parser reads two JSON numbers as the same value, whether it computes with
/// doubles, with integers or with exact decimals: both have the same decimal value, with the sign
/// of a zero, and if one of them alone is an integer literal, its value has at most 15 digits.
bool is_same_number(std::string_view a, std::string_view b);

}  // namespace attestrd
