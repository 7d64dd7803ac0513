#include "schedule/cadence.h"

#include "base/check.h"

namespace attestrd {

ExponentialCadence::ExponentialCadence(Duration min_interval, Duration max_interval, double factor)
    : min_interval_(min_interval), max_interval_(max_interval), factor_(factor) {
  ATTESTRD_CHECK(min_interval <= max_interval && factor > 1);
}

Duration ExponentialCadence::gap_at(Duration age, double) const {
  const double gap =
      static_cast<double>(min_interval_.count()) + (factor_ - 1) * static_cast<double>(age.count());
  // The comparison precedes the cast, since a year times a large factor does not fit into a
  // Duration.
  if (gap >= static_cast<double>(max_interval_.count())) return max_interval_;
  return Duration(static_cast<Duration::rep>(gap));
}

}  // namespace attestrd
