#include "bench/completion_bound.h"

#include <algorithm>
#include <cmath>

namespace attestrd::bench {

namespace {

/// Returns the integral of sqrt(f) over a bin with the probability `mass`. In a wide bin the
/// density is assumed to fall with 1/t, as for a distribution without a scale; in the bin that
/// begins at zero, where that diverges, it is assumed to be constant.
double integral_of_root(double mass, double from_s, double to_s) {
  if (to_s <= from_s) return 0;
  if (from_s <= 0) return std::sqrt(mass * (to_s - from_s));
  return 2 * std::sqrt(mass / std::log(to_s / from_s)) * (std::sqrt(to_s) - std::sqrt(from_s));
}

}  // namespace

double delay_times_polls_bound(std::vector<double> completions_s, std::size_t handshakes) {
  // Fewer completions in a bin bias the square root; more hide the shape of the density.
  constexpr std::size_t kFewest = 20;
  constexpr std::size_t kMost = 50;
  auto& times = completions_s;
  std::ranges::sort(times);
  const std::size_t per_bin = std::clamp(times.size() / 20, kFewest, kMost);
  const auto all = static_cast<double>(handshakes);
  double sum = 0;
  double from_s = 0;
  for (std::size_t first = 0; first < times.size();) {
    std::size_t end = std::min(first + per_bin, times.size());
    if (times.size() - end < per_bin / 2) end = times.size();
    const auto count = static_cast<double>(end - first);
    // The first bin begins before the first completion, by the mean distance of those in the bin.
    if (first == 0) from_s = std::max(0.0, times[0] - (times[end - 1] - times[0]) / count);
    const double to_s = end < times.size() ? (times[end - 1] + times[end]) / 2 : times[end - 1];
    const double pending = 1 - (static_cast<double>(first) + count / 2) / all;
    sum += std::sqrt(pending) * integral_of_root(count / all, from_s, to_s);
    from_s = to_s;
    first = end;
  }
  return sum * sum / 2;
}

}  // namespace attestrd::bench
