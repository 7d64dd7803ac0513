#include "schedule/forecast.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "schedule/learnt_cadence.h"

namespace attestrd {

Forecast forecast(const Hazard& hazard, const Cadence& cadence, Duration age, Duration until,
                  Duration shortest, double unannounced) {
  constexpr double kNegligible = 1e-4;
  // While an age grows by a fraction of 1/kAlike, gap and hazard hardly change, so these polls are
  // counted in one step. The loop takes some hundred steps, and no more for a deadline in a hundred
  // years.
  constexpr int kAlike = 50;
  // The weight of results at ages that are not learnt: the prior expects more of them than some
  // laws have, and fewer than others.
  constexpr double kNotLearnt = 0.5;
  const Duration learnt_until = hazard.learnt_until();
  Forecast sum;
  double pending = 1;
  while (age < until && pending > kNegligible) {
    const Duration gap = std::max(cadence.gap_at(age, unannounced), shortest);
    const auto alike = std::max(std::min(age / kAlike, until - age) / gap, Duration::rep{1});
    Duration next = age + alike * gap;
    if (next > until - shortest) next = until;  // The last poll falls on the deadline.
    const double polls = pending * static_cast<double>(alike);
    const double weight = age < learnt_until ? 1 : kNotLearnt;
    const double survival = hazard.survival(age, next);
    sum.polls += polls;
    sum.waited_s +=
        weight * polls * hazard.staleness_s(age, alike == 1 ? next : age + gap, unannounced);
    sum.done += weight * pending * (1 - survival);
    pending *= survival;
    age = next;
  }
  return sum;
}

Forecast forecast(const Hazard& hazard, Duration price, Duration age, Duration until,
                  GapBounds bounds) {
  PollPrice fixed;
  fixed.fix(price);
  return forecast(hazard, LearntCadence(hazard, fixed, bounds.longest), age, until, bounds.shortest,
                  1);
}

Duration price_for_polls(const Hazard& hazard, double polls, Duration until, GapBounds bounds) {
  double low = std::log(static_cast<double>(limits::kLeastAimedPrice.count()));
  double high = std::log(static_cast<double>(limits::kMostPollPrice.count()));
  const auto price_at = [](double log) {
    return Duration(static_cast<Duration::rep>(std::exp(log)));
  };
  for (int halvings = 0; halvings < 24; ++halvings) {
    const double middle = (low + high) / 2;
    const auto expected = forecast(hazard, price_at(middle), Duration(0), until, bounds);
    (expected.polls > polls ? low : high) = middle;
  }
  return price_at(high);
}

}  // namespace attestrd
