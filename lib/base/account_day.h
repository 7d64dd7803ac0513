#pragma once

#include <cstdint>

#include "base/time.h"

namespace attestrd {

/// The day by which Attestr is assumed to count an account's requests (its limit 4293): from
/// midnight to midnight in Asia/Kolkata, which is UTC+5:30 without daylight saving time. Day 0 is
/// 1970-01-01.
using AccountDay = std::int64_t;

AccountDay account_day_of(Wall time);

/// Returns the time from `now` to the next midnight. It is always above zero: at midnight it is a
/// whole day.
Duration until_next_account_day(Wall now);

/// A number of requests of one day.
struct DayRequests {
  AccountDay day = 0;
  std::uint64_t requests = 0;
  bool operator==(const DayRequests&) const = default;
};

/// The answer to a reservation of requests. `granted` is less than `wanted` only where other owners
/// of the queue have reserved the rest of the day.
struct Reservation {
  AccountDay day = 0;
  std::uint64_t wanted = 0;
  std::uint64_t granted = 0;
  bool operator==(const Reservation&) const = default;
};

}  // namespace attestrd
