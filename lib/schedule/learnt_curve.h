#pragma once

#include <cstddef>
#include <vector>

#include "base/time.h"
#include "schedule/cadence.h"
#include "schedule/hazard.h"

namespace attestrd {

/// The learnt curve of completions by age, and the polls of a new handshake that follow from it.
struct LearntCurve {
  static constexpr std::size_t kMostPolls = 400;

  struct Point {
    Duration age;
    double done;  ///< The probability that a handshake is done at this age.
  };

  std::vector<Point> points;    ///< Ascending, at ages that grow by a constant factor from 1 s.
  std::vector<Duration> polls;  ///< The ages of the polls, at most kMostPolls.
  double completions = 0;       ///< Completions learnt, as far as they have not faded.
};

/// Returns the curve up to the age `until`, and the polls that a cadence plans until then, without
/// jitter, for a handshake without a hint. Takes some 0.1 ms.
LearntCurve learnt_curve(const Hazard& hazard, const Cadence& cadence, Duration until,
                         Duration shortest_gap, double unannounced = 1);

}  // namespace attestrd
