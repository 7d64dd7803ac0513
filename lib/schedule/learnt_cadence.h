#pragma once

#include "base/time.h"
#include "schedule/cadence.h"
#include "schedule/hazard.h"
#include "schedule/hint_coverage.h"
#include "schedule/poll_price.h"

namespace attestrd {

/// A cadence that polls when a result is likely to be there: the staleness rule of Hazard at the
/// one price of all polls. Hazard and price are read again for each gap.
class LearntCadence final : public Cadence {
 public:
  /// `hinted_max_interval` holds while hints announce nearly all results; zero: `max_interval`.
  LearntCadence(const Hazard& hazard, const PollPrice& price, Duration max_interval,
                Duration hinted_max_interval = Duration(0))
      : hazard_(hazard),
        price_(price),
        max_interval_(max_interval),
        hinted_max_interval_(hinted_max_interval) {}

  Duration first_gap(double unannounced) const override { return gap_at(Duration(0), unannounced); }
  Duration gap_at(Duration age, double unannounced) const override {
    const Duration longest =
        price_.longest(longest_gap(max_interval_, hinted_max_interval_, unannounced));
    return hazard_.gap_at(age, price_.now(), longest, unannounced);
  }

 private:
  const Hazard& hazard_;
  const PollPrice& price_;
  Duration max_interval_;
  Duration hinted_max_interval_;
};

}  // namespace attestrd
