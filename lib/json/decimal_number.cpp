#include "json/decimal_number.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "base/text.h"

namespace attestrd {
namespace {

/// Doubles have all integers of so many digits.
constexpr std::int64_t kDoubleDigits = 15;

/// Reads an exponent without its letter.
std::int64_t exponent_of(std::string_view text) {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  const bool is_negative = text.starts_with('-');
  std::int64_t value = 0;
  for (const char c : text)
    if (is_digit(c)) value = std::min(value * 10 + (c - '0'), kMost);
  return is_negative ? -value : value;
}

}  // namespace

DecimalNumber::DecimalNumber(std::string_view token) : is_negative(token.starts_with('-')) {
  const std::size_t letter = std::min(token.find_first_of("eE"), token.size());
  const std::string_view mantissa = token.substr(0, letter);
  const std::size_t dot = std::min(mantissa.find('.'), mantissa.size());
  exponent = letter < token.size() ? exponent_of(token.substr(letter + 1)) : 0;
  if (dot < mantissa.size()) exponent -= static_cast<std::int64_t>(mantissa.size() - dot - 1);
  std::ranges::copy_if(mantissa, std::back_inserter(digits), is_digit);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  const std::size_t significant = digits.find_last_not_of('0') + 1;
  exponent += static_cast<std::int64_t>(digits.size() - significant);
  digits.resize(significant);
  if (digits.empty()) exponent = 0;
}

bool is_integer_literal(std::string_view token) {
  return token.find_first_of(".eE") == std::string_view::npos;
}

bool is_same_number(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const DecimalNumber first(a);
  if (first != DecimalNumber(b)) return false;
  return is_integer_literal(a) == is_integer_literal(b) || first.point() <= kDoubleDigits;
}

}  // namespace attestrd
