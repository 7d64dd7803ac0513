#include "admission/account_gate.h"

#include <algorithm>

#include "base/account_day.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/backoff.h"

namespace attestrd {

std::string_view name_of(PauseReason reason) {
  switch (reason) {
    case PauseReason::unauthorized: return "unauthorized";
    case PauseReason::forbidden: return "forbidden";
    case PauseReason::low_credits: return "low_credits";
    case PauseReason::wrong_version: return "wrong_version";
    case PauseReason::rate_limited: return "rate_limited";
    case PauseReason::daily_limit: return "daily_limit";
    case PauseReason::certificate: return "certificate";
    case PauseReason::upstream_down: return "upstream_down";
  }
  check_failed("a pause has a reason", __FILE__, __LINE__);
}

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

bool AccountGate::trouble(Now now, PauseReason reason, bool by_canary) {
  const bool opens = is_open();
  if (opens) {
    since_ = now.wall;
    canaries_ = 0;
  }
  if (by_canary) {
    canary_in_flight_ = false;
    canaries_ = reason == reason_ ? canaries_ + 1 : 0;  // A new reason has its own backoff.
  }
  // Other polls in flight meet the same trouble again. They do not move the canary.
  if (opens || by_canary) {
    reason_ = reason;
    next_canary_ = now.mono + canary_delay(now);
  }
  return opens;
}

bool AccountGate::failure(Now now, bool by_canary) {
  if (is_open()) {
    if (++failures_in_a_row_ < limits::kBreakerFailures) return false;
    return trouble(now, PauseReason::upstream_down, false);
  }
  if (!by_canary) return false;
  // Where the lack of an answer is itself the reason of the pause, a failure shows that the trouble
  // continues. For other reasons a failure shows nothing about the account: the next canary waits
  // as long as this one did.
  canary_in_flight_ = false;
  if (reason_ == PauseReason::upstream_down || reason_ == PauseReason::certificate) ++canaries_;
  next_canary_ = now.mono + canary_delay(now);
  return false;
}

bool AccountGate::good_answer(bool by_canary) {
  failures_in_a_row_ = 0;
  if (is_open() || !by_canary) return false;
  reason_.reset();
  canary_in_flight_ = false;
  return true;
}

}  // namespace attestrd
