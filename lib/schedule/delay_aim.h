#pragma once

#include <cstdint>

#include "base/time.h"
#include "schedule/forecast.h"
#include "schedule/hazard.h"

namespace attestrd {

/// The limit that keeps the mean delay of a result above its target.
enum class DelayLimit : std::uint8_t {
  none,          ///< The target is reached.
  unknown,       ///< Too few results are learnt to aim.
  rate,          ///< The rate that Attestr allows, or `api.requests_per_second`.
  day,           ///< The rest of the requests of the day.
  min_interval,  ///< `poll.min_interval`: more polls are not allowed.
};

/// The mean delay of a result: from its completion to the poll that finds it.
struct MeanDelay {
  Duration target{0};    ///< Zero: none.
  Duration expected{0};  ///< Of a new handshake at the current price.
  DelayLimit limit = DelayLimit::none;
};

/// The price of a poll at which the mean delay of a result is expected to be a target. The price
/// follows from the learnt hazard. It is the least price that is used: a request rate that does not
/// suffice raises it (PollPrice).
class DelayAim {
 public:
  /// Sets the target; zero: none, the price is limits::kLeastPollPrice.
  void set(Duration target);

  /// Moves the price towards the one that reaches the target. The mean delay is close to
  /// proportional to sqrt(price), so that two or three calls suffice after a change of the target,
  /// and one call after small changes of the hazard. A call takes some 0.1 ms.
  void improve(const Hazard& hazard, Duration until, GapBounds bounds);

  Duration target() const { return target_; }
  Duration price() const;

 private:
  Duration target_{0};
  Duration price_{0};
  bool is_learnt_ = false;  // Enough results are learnt to poll less often for the target.
};

}  // namespace attestrd
