#pragma once

#include <cstdint>

#include "base/limits.h"
#include "base/time.h"

namespace attestrd {

/// The one price of all polls: the expected staleness of a result at which a poll for it is worth
/// its request. Every gap follows from the price (see Hazard::gap_at), so the cheapest way to spend
/// a request budget is to raise or lower it for all handshakes alike.
///
/// The price follows from the load of the handshakes that wait now. It does not follow from the
/// requests that were spent, which lag by as long as the handshakes wait. A gap at price p is close
/// to proportional to sqrt(p), so that a handshake adds load / sqrt(p) to the rate, whatever p was
/// when its load was computed. Handshakes at the longest gap do not react to the price any more:
/// each adds one request per `longest`.
class PollPrice {
 public:
  /// The contribution of one waiting handshake to the request rate. Zero: none.
  using Load = std::uint32_t;

  /// Sets the least price, which holds while the rate suffices.
  void set_least(Duration price) { least_ = price; }

  /// Sets the rate limit. Zero: there is no limit, and the least price holds.
  void set_rate(double requests_per_second) { rate_ = requests_per_second; }

  /// Sets the rest of the requests of a day, as a steady rate; zero: no limit. A poll that would
  /// exceed the rate of set_rate() is delayed a little, while a poll that would exceed this rate
  /// waits for the next day. Therefore the longest gap adapts to this rate as well.
  void set_daily_rate(double requests_per_second) { daily_rate_ = requests_per_second; }

  /// Fixes the price from now on, whatever the rate.
  void fix(Duration price) { fixed_ = price; }

  Duration now() const;

  /// Returns whether the requests of the day limit the rate more than the rate limit does.
  bool is_bound_by_day() const { return daily_rate_ > 0 && (rate_ == 0 || daily_rate_ < rate_); }

  /// Returns the longest gap: `wished`, or as much longer as leaves half of the daily rate to
  /// handshakes with shorter gaps. `wished` is not lengthened beyond a day.
  Duration longest(Duration wished) const;

  /// Adds the load of a handshake that was given `gap` at the current price, and returns that load.
  /// A gap counts as at most `longest`.
  /// `is_stretched`: `longest` is that of handshakes whose results hints announce; these are
  /// counted apart, since both may be long at the same time.
  Load add(Duration gap, Duration longest, bool is_stretched = false);
  void remove(Load load);

 private:
  /// The handshakes at a longest gap.
  struct AtLongest {
    std::uint64_t count = 0;
    Duration gap{0};  // Of the last handshake that was added.

    double rate() const;
  };

  double rate() const;

  Duration least_ = limits::kLeastPollPrice;
  double rate_ = 0;
  double daily_rate_ = 0;
  Duration fixed_{0};       // Zero: the price is not fixed.
  std::uint64_t load_ = 0;  // An integer, so that a load can be subtracted exactly.
  AtLongest at_longest_;
  AtLongest at_stretched_;
};

}  // namespace attestrd
