#pragma once

#include "base/time.h"

namespace attestrd {

/// The rate limit of the whole daemon, as a generic cell rate algorithm (ITU-T I.371): one request
/// every 1/rate, without bursts, so that any second holds at most `rate` requests. Two percent of
/// the rate pay for the jitter of timers and networks, which may move a request into its
/// neighbour's second.
class Pace {
 public:
  /// Zero: no limit. May change at any time.
  void set_rate(double requests_per_second);

  bool allows(Mono now) const { return now >= next_; }
  Mono next() const { return next_; }

  /// A request is sent now.
  void spend(Mono now);

 private:
  Duration interval_{0};
  Mono next_ = Mono::min();
};

}  // namespace attestrd
