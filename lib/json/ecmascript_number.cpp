#include "json/ecmascript_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <system_error>

#include "base/check.h"

namespace attestrd {
namespace {

/// Whether a number that no double can hold is too great, rather than too small. Told from its
/// spelling: from_chars does not say.
bool is_too_great(std::string_view token) {
  const auto exponent_at = std::min(token.find_first_of("eE"), token.size());
  const auto mantissa = token.substr(0, exponent_at);
  auto exponent_text = token.substr(std::min(exponent_at + 1, token.size()));
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  int exponent = 0;
  const auto read =
      std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  if (read.ec == std::errc::result_out_of_range) return !exponent_text.starts_with('-');
  const auto point = static_cast<std::ptrdiff_t>(std::min(mantissa.find('.'), mantissa.size()));
  const auto first_digit = static_cast<std::ptrdiff_t>(mantissa.find_first_of("123456789"));
  return point - first_digit + exponent > 0;
}

double to_double(std::string_view token) {
  double value = 0;
  const auto read = std::from_chars(token.data(), token.data() + token.size(), value);
  if (read.ec == std::errc{}) return value;
  return is_too_great(token) ? HUGE_VAL : 0;
}

}  // namespace

EcmascriptNumber::EcmascriptNumber(std::string_view token) {
  const double value = to_double(token);
  if (std::isinf(value)) {
    append("null");
  } else if (value == 0) {
    append("0");
  } else {
    append_value(value);
  }
}

void EcmascriptNumber::append(std::string_view text) {
  ATTESTRD_CHECK(text.size() <= text_.size() - length_);
  std::copy(text.begin(), text.end(), text_.data() + length_);
  length_ += text.size();
}

void EcmascriptNumber::append_zeros(int count) {
  constexpr std::string_view kZeros = "00000000000000000000";  // At most n - k = 20 are asked for.
  append(kZeros.substr(0, static_cast<std::size_t>(count)));
}

void EcmascriptNumber::append_value(double value) {
  // d.ddde±xx: the digits of the standard's s, of which there are k, and n - 1.
  std::array<char, 32> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                                     std::chars_format::scientific);
  ATTESTRD_CHECK(written.ec == std::errc{});
  char* const exponent_at = std::find(buffer.data(), written.ptr, 'e');
  const bool exponent_is_negative = exponent_at[1] == '-';
  int exponent = 0;
  std::from_chars(exponent_at + 2, written.ptr, exponent);
  if (exponent_is_negative) exponent = -exponent;
  const auto digits_end = std::remove(buffer.data(), exponent_at, '.');
  const std::string_view digits(buffer.data(),
                                static_cast<std::size_t>(digits_end - buffer.data()));
  const int k = static_cast<int>(digits.size());
  const int n = exponent + 1;

  if (value < 0) append("-");
  if (k <= n && n <= 21) {
    append(digits);
    append_zeros(n - k);
  } else if (0 < n && n <= 21) {
    append(digits.substr(0, static_cast<std::size_t>(n)));
    append(".");
    append(digits.substr(static_cast<std::size_t>(n)));
  } else if (-6 < n && n <= 0) {
    append("0.");
    append_zeros(-n);
    append(digits);
  } else {
    append(digits.substr(0, 1));
    if (k > 1) append(".");
    append(digits.substr(1));
    append(exponent_is_negative ? "e-" : "e+");
    append(std::to_string(std::abs(exponent)));
  }
}

}  // namespace attestrd
