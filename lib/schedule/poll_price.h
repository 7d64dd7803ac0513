#pragma once

#include <cstdint>

#include "base/time.h"

namespace attestrd {

/// The one price of all polls: how much staleness a result must be expected to have before a poll
/// for it is worth its request. Every gap follows from it (see Hazard::gap_at), so the cheapest way
/// to spend a request budget is to raise or lower it for all alike.
///
/// It follows from the load of the handshakes that wait now, not from what was spent, which lags by
/// as long as they wait: a gap at price p is close to proportional to sqrt(p), so that a handshake
/// adds load / sqrt(p) to the rate, whatever p was when it was weighed. Handshakes at the longest
/// gap do not react to the price any more: they add one request per `longest`.
class PollPrice {
 public:
  /// What one waiting handshake adds to the request rate. Zero: nothing.
  using Load = std::uint32_t;

  /// Zero: no limit, the least price holds.
  void set_rate(double requests_per_second) { rate_ = requests_per_second; }

  /// What a day has left, as a steady rate; zero: no limit. A poll that would exceed the rate above
  /// is delayed a little; one that would exceed this rate waits for the next day. So the longest
  /// gap yields to it as well.
  void set_daily_rate(double requests_per_second) { daily_rate_ = requests_per_second; }

  /// From now on this is the price, whatever the rate.
  void fix(Duration price) { fixed_ = price; }

  Duration now() const;

  /// The longest gap: `wished`, or as much more as leaves half of the daily rate to handshakes with
  /// shorter gaps; a day at most.
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
  std::uint64_t load_ = 0;  // Whole numbers, so that a load can be subtracted exactly.
  std::uint64_t at_longest_ = 0;
};

}  // namespace attestrd
