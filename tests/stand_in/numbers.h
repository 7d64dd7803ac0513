#pragma once

#include <string_view>
#include <vector>

namespace attestrd::simulator {

/// A decimal number, finite and >= 0, and nothing else. Throws std::invalid_argument, which quotes
/// the text.
double parse_number(std::string_view text);

/// The same, in [0, 1].
double parse_probability(std::string_view text);

/// Numbers with commas between them.
std::vector<double> parse_numbers(std::string_view text);

}  // namespace attestrd::simulator
