#include "admission/account_gate.h"

#include <algorithm>

#include "base/account_day.h"
#include "base/backoff.h"
#include "base/limits.h"

namespace attestrd {

Duration AccountGate::canary_delay(Now now) const {
  if (reason_ == PauseReason::daily_limit) {
    return std::min(limits::kDailyLimitCanary, until_next_account_day(now.wall));
  }
  return exponential_backoff(limits::kCanaryFirst, limits::kCanaryCap, canaries_);
}

void AccountGate::hold(Now now, std::optional<Duration> retry_after) {
  if (!retry_after) return;
  held_until_ = std::max(held_until_, now.mono + std::min(*retry_after, limits::kRetryAfterCap));
}

bool AccountGate::trouble(Now now, PauseReason reason, const FailedPoll& poll) {
  run_.add(poll, reason, now.mono);
  if (is_open()) return run_.is_of_account(reason, poll.pending, now.mono) && begin(now, reason);
  // Other polls in flight meet the same trouble again. They do not move the canary.
  if (!poll.is_canary) return false;
  if (reason != reason_) {  // A new reason has its own backoff.
    reason_ = reason;
    canary_in_flight_ = is_second_next_ = false;
    canaries_ = 0;
    next_canary_ = now.mono + canary_delay(now);
    return false;
  }
  canary_failed(now, true);
  return false;
}

bool AccountGate::begin(Now now, PauseReason reason) {
  since_ = now.wall;
  reason_ = reason;
  canaries_ = 0;
  is_second_next_ = false;
  next_canary_ = now.mono + canary_delay(now);
  return true;
}

/// Plans the next canary. After trouble of the first of a pair, another handshake is polled soon:
/// the trouble may have been its own. A refusal for the rate concerns no handshake.
void AccountGate::canary_failed(Now now, bool is_evidence) {
  canary_in_flight_ = false;
  if (is_evidence && reason_ != PauseReason::rate_limited) is_second_next_ = !is_second_next_;
  if (is_evidence && !is_second_next_) ++canaries_;
  const Duration delay = canary_delay(now);
  next_canary_ = now.mono + (is_second_next_ ? std::min(delay, limits::kCanaryFirst) : delay);
}

bool AccountGate::failure(Now now, const FailedPoll& poll) {
  run_.add(poll, PauseReason::upstream_down, now.mono);
  if (is_open()) {
    if (++failures_in_a_row_ < limits::kBreakerFailures) return false;
    return run_.is_of_account(PauseReason::upstream_down, poll.pending, now.mono) &&
           begin(now, PauseReason::upstream_down);
  }
  if (!poll.is_canary) return false;
  // Where the lack of an answer is itself the reason of the pause, a failure shows that the trouble
  // continues. For other reasons a failure shows nothing about the account: the next canary waits
  // as long as this one did.
  canary_failed(now, reason_ == PauseReason::upstream_down || reason_ == PauseReason::certificate);
  return false;
}

bool AccountGate::good_answer(Now now, bool by_canary) {
  failures_in_a_row_ = 0;
  run_.good(now.mono);
  if (is_open() || !by_canary) return false;
  reason_.reset();
  canary_in_flight_ = false;
  return true;
}

}  // namespace attestrd
