#include "numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace attestrd::simulator {

double parse_number(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value) || value < 0)
    throw std::invalid_argument(fmt::format("'{}' is not a number from 0 up", text));
  return value;
}

double parse_probability(std::string_view text) {
  const double value = parse_number(text);
  if (value > 1) throw std::invalid_argument(fmt::format("'{}' is above 1", text));
  return value;
}

std::vector<double> parse_numbers(std::string_view text) {
  std::vector<double> values;
  for (;;) {
    const auto comma = text.find(',');
    values.push_back(parse_number(text.substr(0, comma)));
    if (comma == std::string_view::npos) return values;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace attestrd::simulator
