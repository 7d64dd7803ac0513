#pragma once

#include "base/time.h"
#include "schedule/cadence.h"
#include "schedule/hazard.h"

namespace attestrd {

/// The expected course of a handshake, from an age at which it is pending until it is done or its
/// deadline has come.
struct Forecast {
  double polls = 0;
  // Results at ages that are not learnt count half in both.
  double done = 0;      ///< The probability of a result before the deadline.
  double waited_s = 0;  ///< The time that its result waits for a poll; zero if there is no result.

  /// Returns the mean delay of a result: from its completion to the poll that finds it.
  double mean_delay_s() const { return done > 0 ? waited_s / done : 0; }
};

/// The rules that bound each gap between two polls.
struct GapBounds {
  Duration shortest;
  Duration longest;
};

/// Returns the forecast of a handshake that is pending at `age`, if each poll follows `cadence`, no
/// gap is shorter than `shortest`, and the last poll is at `until`. Polls after a hint are not
/// counted: the share of results that hints announce has none, and no delay.
Forecast forecast(const Hazard& hazard, const Cadence& cadence, Duration age, Duration until,
                  Duration shortest, double unannounced = 1);

/// Returns the same for the staleness rule at `price`, where no hints come.
Forecast forecast(const Hazard& hazard, Duration price, Duration age, Duration until,
                  GapBounds bounds);

/// Returns the price at which a new handshake is expected to have this many polls, where no hints
/// come.
Duration price_for_polls(const Hazard& hazard, double polls, Duration until, GapBounds bounds);

}  // namespace attestrd
