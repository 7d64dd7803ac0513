#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <utility>

#include "admission/admission.h"
#include "base/prng.h"

namespace attestrd {

/// A limiter of a server: returns whether a request that arrives at this time is allowed.
using Limiter = std::function<bool(Mono)>;

inline double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// A bucket of tokens, filled at `rate` up to `burst`.
inline Limiter token_bucket(double rate, double burst) {
  return [=, tokens = burst, last = Mono::min()](Mono now) mutable {
    if (last != Mono::min()) tokens = std::min(burst, tokens + seconds_of(now - last) * rate);
    last = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/// At most `rate * window` requests in each window of the clock.
inline Limiter fixed_window(double rate, Duration window) {
  return [=, number = std::int64_t{-1}, count = 0.0](Mono now) mutable {
    if (std::exchange(number, now.time_since_epoch() / window) != now.time_since_epoch() / window)
      count = 0;
    if (count + 1 > rate * seconds_of(window)) return false;
    count += 1;
    return true;
  };
}

/// At most `rate * window` requests in any window. Some servers count refused requests too.
inline Limiter sliding_window(double rate, Duration window, bool counts_refused) {
  return [=, times = std::deque<Mono>()](Mono now) mutable {
    while (!times.empty() && times.front() <= now - window) times.pop_front();
    const bool is_allowed =
        static_cast<double>(times.size()) + 1 <= rate * seconds_of(window) + 1e-9;
    if (is_allowed || counts_refused) times.push_back(now);
    return is_allowed;
  };
}

/// Plays polls of handshakes that are always due against a limiter, in virtual time.
class LimitedServer {
 public:
  struct Counts {
    double good = 0;
    double refused = 0;
    double pauses = 0;
  };

  LimitedServer(const Admission::Limits& limits, Limiter limiter)
      : limiter_(std::move(limiter)), prng_(1) {
    admission_.set_limits(limits);
    admission_.advance_to(now());
  }

  Duration latency = std::chrono::milliseconds(30);
  std::optional<Duration> retry_after;

  void replace_limiter(Limiter limiter) { limiter_ = std::move(limiter); }

  /// Plays so long, and returns what happened.
  Counts play(Duration duration) {
    const Mono end = mono_ + duration;
    counts_ = {};
    while (true) {
      const auto next = admission_.next();
      const Mono starts = next ? std::max(*next + late(), mono_) : Mono::max();
      const Mono answered = answers_.empty() ? Mono::max() : answers_.top().at;
      if (std::min(starts, answered) >= end) break;
      if (answered <= starts) {
        hear(answers_.top());
        answers_.pop();
      } else {
        start(starts);
      }
    }
    mono_ = end;
    return counts_;
  }

  const Admission& admission() const { return admission_; }

 private:
  struct Answer {
    Mono at;
    bool is_good = false;
    bool is_canary = false;
    bool operator<(const Answer& other) const { return at > other.at; }
  };

  Now now() const { return {mono_, Wall(mono_.time_since_epoch())}; }
  Duration late() { return Duration(prng_.next() % 1000); }

  void start(Mono at) {
    mono_ = at;
    if (!admission_.allows(now())) return;
    const bool is_canary = admission_.start(now(), false);
    const Duration there = scaled(latency, 0.25 + prng_.unit() / 2);
    answers_.push({mono_ + latency, limiter_(mono_ + there), is_canary});
  }

  void hear(const Answer& answer) {
    mono_ = answer.at;
    admission_.end();
    if (answer.is_good) {
      counts_.good += 1;
      admission_.good_answer(now(), answer.is_canary);
      return;
    }
    counts_.refused += 1;
    // Each poll is one of another handshake.
    const auto handshake = static_cast<std::uint32_t>(counts_.refused);
    const FailedPoll poll{handshake, answer.is_canary, 10'000};
    if (admission_.trouble(now(), PauseReason::rate_limited, retry_after, poll))
      counts_.pauses += 1;
  }

  Admission admission_;
  Limiter limiter_;
  Prng prng_;
  Mono mono_{std::chrono::hours(1000)};
  std::priority_queue<Answer> answers_;
  Counts counts_;
};

}  // namespace attestrd
