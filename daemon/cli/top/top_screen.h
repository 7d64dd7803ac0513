#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "daemon/cli/top/top_sample.h"

namespace attestrd {

/// The answers of the daemon from which a screen is composed.
struct TopAnswers {
  TopSample sample;
  TopSample before;      ///< The sample before this one.
  Duration between{0};   ///< The time between both; zero: there is none before.
  std::string status{};  ///< The text of `attestrd status`.
  std::string ages{};    ///< The text of `attestrd ages`.
};

/// Returns the lines of the screen, none longer than `columns` and at most `rows` of them.
std::vector<std::string> top_screen(const TopAnswers& answers, std::size_t columns,
                                    std::size_t rows);

}  // namespace attestrd
