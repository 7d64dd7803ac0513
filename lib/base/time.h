#pragma once

#include <chrono>
#include <cstdint>

namespace attestrd {

using Duration = std::chrono::microseconds;

/// The clock to wait by: never steps, goes on during a suspend (CLOCK_BOOTTIME), means nothing
/// after a restart. Only its tag exists: time is an argument everywhere but in `runtime/`.
struct MonoClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};

using Mono = MonoClock::time_point;

/// The clock to store by: UTC since the Unix epoch. It may jump either way at any moment, so
/// nothing waits by it.
using Wall = std::chrono::sys_time<Duration>;

/// `share` of a duration, rounded down to the microsecond.
inline Duration scaled(Duration duration, double share) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * share));
}

/// One reading of both clocks, taken together.
struct Now {
  Mono mono;
  Wall wall;
};

}  // namespace attestrd
