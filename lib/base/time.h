#pragma once

#include <chrono>
#include <cstdint>

namespace attestrd {

using Duration = std::chrono::microseconds;

/// The clock for waiting. It never steps and continues during a suspend (CLOCK_BOOTTIME), and its
/// values mean nothing after a restart of the machine. It can't be read here: outside of `runtime/`
/// time is an argument.
struct MonoClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};

using Mono = MonoClock::time_point;

/// The clock for stored times: UTC since the Unix epoch. It may jump in either direction at any
/// moment, so no timer uses it.
using Wall = std::chrono::sys_time<Duration>;

/// Returns `share` of a duration, rounded down to the microsecond.
inline Duration scaled(Duration duration, double share) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * share));
}

/// A reading of both clocks at the same moment.
struct Now {
  Mono mono;
  Wall wall;
};

/// Returns the difference between the two clocks. It changes only when the wall clock is set.
inline Duration clock_basis(Now now) {
  return now.wall.time_since_epoch() - now.mono.time_since_epoch();
}

}  // namespace attestrd
