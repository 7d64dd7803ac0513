#pragma once

#include "base/time.h"

namespace attestrd {

/// The rate limit of the whole daemon: a generic cell rate algorithm (ITU-T I.371) with one request
/// every 1/rate, without bursts, so that any second holds at most `rate` requests. Two percent of
/// the rate are reserved for the jitter of timers and networks, which may move a request into a
/// neighbouring second.
class Pace {
 public:
  /// Sets the rate; zero: no limit. The rate may change at any time.
  void set_rate(double requests_per_second);

  bool allows(Mono now) const { return now >= next_; }
  Mono next() const { return next_; }

  /// Records a request that is sent now.
  void spend(Mono now);

 private:
  Duration interval_{0};
  Mono next_ = Mono::min();
};

}  // namespace attestrd
