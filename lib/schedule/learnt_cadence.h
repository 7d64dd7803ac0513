#pragma once

#include "base/time.h"
#include "schedule/cadence.h"
#include "schedule/hazard.h"
#include "schedule/poll_price.h"

namespace attestrd {

/// A cadence that polls when a result is likely to be there: the staleness rule of Hazard at the
/// one price of all polls. Hazard and price are read again for each gap.
class LearntCadence final : public Cadence {
 public:
  LearntCadence(const Hazard& hazard, const PollPrice& price, Duration max_interval)
      : hazard_(hazard), price_(price), max_interval_(max_interval) {}

  Duration first_gap() const override { return gap_at(Duration(0)); }
  Duration gap_at(Duration age) const override {
    return hazard_.gap_at(age, price_.now(), price_.longest(max_interval_));
  }

 private:
  const Hazard& hazard_;
  const PollPrice& price_;
  Duration max_interval_;
};

}  // namespace attestrd
