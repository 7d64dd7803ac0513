#pragma once

#include <string_view>
#include <vector>

namespace attestrd::simulator {

/// Parses a decimal number, finite and >= 0, without other text. Throws std::invalid_argument with
/// the text.
double parse_number(std::string_view text);

/// Parses the same in [0, 1].
double parse_probability(std::string_view text);

/// Parses numbers separated by commas.
std::vector<double> parse_numbers(std::string_view text);

}  // namespace attestrd::simulator
