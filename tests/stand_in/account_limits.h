#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace attestrd::simulator {

using SteadyTime = std::chrono::steady_clock::time_point;

/// The time of both clocks at one instant.
struct Moment {
  SteadyTime steady;
  std::chrono::system_clock::time_point wall;
};

/// Counts the events of the last second: the window (now - 1 s, now] moves with each call.
class SlidingSecond {
 public:
  std::size_t count(SteadyTime now) {
    while (!times_.empty() && times_.front() <= now - std::chrono::seconds(1)) times_.pop_front();
    return times_.size();
  }

  void add(SteadyTime now) { times_.push_back(now); }

 private:
  std::deque<SteadyTime> times_;
};

/// The limits of one account at Attestr; 0: no limit.
class AccountLimits {
 public:
  enum class Verdict {
    admitted,
    too_fast,   ///< `per_second` requests were admitted within the last second.
    day_spent,  ///< `per_day` were admitted since midnight in Asia/Kolkata (UTC+5:30).
  };

  AccountLimits(std::size_t per_second, std::size_t per_day)
      : per_second_(per_second), per_day_(per_day) {}

  /// Counts the request only if it is admitted.
  Verdict admit(Moment now);

 private:
  std::size_t per_second_;
  std::size_t per_day_;
  SlidingSecond last_second_;
  std::int64_t day_ = 0;
  std::size_t admitted_today_ = 0;
};

}  // namespace attestrd::simulator
