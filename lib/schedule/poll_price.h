#pragma once

#include <cstdint>

#include "base/time.h"

namespace attestrd {

/// The one price of all polls: how much staleness a result must be expected to have before a poll
/// for it is worth its request. Every gap follows from it (see Hazard::gap_at), so the cheapest way
/// to spend a request budget is to raise or lower it for all alike.
///
/// It is steered by what those who wait ask for now, not by what was spent, which lags by as long
/// as they wait: a gap at price p is close to proportional to sqrt(p), so that a handshake adds
/// load / sqrt(p) to the rate, whatever p was when it was weighed. Those at the longest gap do not
/// yield to a price any more: they add one request per `longest`.
class PollPrice {
 public:
  /// What one waiting handshake asks for. Zero: nothing.
  using Load = std::uint32_t;

  /// Zero: no limit, the least price holds.
  void set_rate(double requests_per_second) { rate_ = requests_per_second; }

  /// What a day has left, as a steady rate; zero: no limit. The rate above delays whoever would
  /// exceed it; this one must not be exceeded long before the day is over. So the longest gap
  /// yields to it as well.
  void set_daily_rate(double requests_per_second) { daily_rate_ = requests_per_second; }

  /// From now on this is the price, whatever the rate.
  void fix(Duration price) { fixed_ = price; }

  Duration now() const;

  /// The longest gap: `wished`, or as much more as it takes to leave half of the daily rate to
  /// those who wait for less; a day at most.
  Duration longest(Duration wished) const;

  /// Weighs a handshake that was given `gap` at the price of now; at most `longest`.
  Load add(Duration gap, Duration longest);
  void remove(Load load);

 private:
  double rate() const;

  double rate_ = 0;
  double daily_rate_ = 0;
  Duration fixed_{0};       // Zero: none.
  Duration longest_{0};     // Of the last one weighed.
  std::uint64_t load_ = 0;  // Whole numbers, so that what is added can be taken away again.
  std::uint64_t at_longest_ = 0;
};

}  // namespace attestrd
