#include "schedule/learnt_cadence.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"

namespace attestrd {

double expected_polls(const Hazard& hazard, const Cadence& cadence, Duration age, Duration until,
                      Duration shortest, double unannounced) {
  constexpr double kNegligible = 1e-4;
  // While an age grows by a fraction of 1/kAlike, gap and hazard hardly change, so these polls are
  // counted in one step. The loop takes some hundred steps, and no more for a deadline in a hundred
  // years.
  constexpr int kAlike = 50;
  double polls = 0;
  double pending = 1;
  while (age < until && pending > kNegligible) {
    const Duration gap = std::max(cadence.gap_at(age, unannounced), shortest);
    const auto alike = std::max(std::min(age / kAlike, until - age) / gap, Duration::rep{1});
    Duration next = age + alike * gap;
    if (next > until - shortest) next = until;  // The last poll falls on the deadline.
    polls += pending * static_cast<double>(alike);
    pending *= hazard.survival(age, next);
    age = next;
  }
  return polls;
}

double expected_polls(const Hazard& hazard, Duration price, Duration age, Duration until,
                      Duration shortest, Duration longest) {
  PollPrice fixed;
  fixed.fix(price);
  return expected_polls(hazard, LearntCadence(hazard, fixed, longest), age, until, shortest, 1);
}

Duration price_for_polls(const Hazard& hazard, double polls, Duration until, Duration shortest,
                         Duration longest) {
  double low = std::log(static_cast<double>(Duration(std::chrono::milliseconds(1)).count()));
  double high = std::log(static_cast<double>(limits::kMostPollPrice.count()));
  const auto price_at = [](double log) {
    return Duration(static_cast<Duration::rep>(std::exp(log)));
  };
  for (int halvings = 0; halvings < 24; ++halvings) {
    const double middle = (low + high) / 2;
    const auto price = price_at(middle);
    const bool is_too_low =
        expected_polls(hazard, price, Duration(0), until, shortest, longest) > polls;
    (is_too_low ? low : high) = middle;
  }
  return price_at(high);
}

}  // namespace attestrd
