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
  // The pause is the fleet's already. A canary of an own pause shows nothing about that one.
  if (fleet_.is_foreign() && is_of_fleet(reason)) {
    if (poll.is_canary) canary_failed(now, false);
    return false;
  }
  if (!reason_) return run_.is_of_account(reason, poll.pending, now.mono) && begin(now, reason);
  // Other polls in flight meet the same trouble again. They do not move the canary.
  if (!poll.is_canary) return false;
  lost_canaries_ = 0;
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
  lost_canaries_ = 0;
  canary_in_flight_ = is_second_next_ = false;
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
  if (!reason_) {
    if (++failures_in_a_row_ < limits::kBreakerFailures) return false;
    return run_.is_of_account(PauseReason::upstream_down, poll.pending, now.mono) &&
           begin(now, PauseReason::upstream_down);
  }
  if (!poll.is_canary) return false;
  // Where the lack of an answer is itself the reason of the pause, a failure shows that the trouble
  // continues. For other reasons a failure shows nothing about the account: the next canary waits
  // as long as this one did. In a fleet another node may reach the server: this one gives the pause
  // up, and keeps one of its own.
  if (fleet_.is_shared(*reason_) && ++lost_canaries_ >= limits::kLostCanaries)
    return begin(now, PauseReason::upstream_down);
  canary_failed(now, reason_ == PauseReason::upstream_down || reason_ == PauseReason::certificate);
  return false;
}

bool AccountGate::good_answer(Now now, bool by_canary) {
  failures_in_a_row_ = 0;
  run_.good(now.mono);
  if (!reason_ || !by_canary) return false;
  reason_.reset();
  canary_in_flight_ = false;
  return true;
}

AccountGate::Shared AccountGate::share(Now now, std::optional<SharedPause> pause) {
  const bool was_there = fleet_.pause().has_value();
  const auto before = fleet_.is_foreign() ? fleet_.pause()->node : "";
  fleet_.note(std::move(pause));
  if (fleet_.is_foreign()) {
    drop_shared();
    return fleet_.pause()->node == before ? Shared::unchanged : Shared::foreign;
  }
  if (const auto& own = fleet_.pause()) {
    if (reason_ && is_of_fleet(*reason_)) return Shared::unchanged;
    begin(now, own->reason);
    since_ = own->since;
    return Shared::taken_up;
  }
  // This node may have given its pause up, since it had no handshake to ask for.
  if (was_there) drop_shared();
  return before.empty() ? Shared::unchanged : Shared::over;
}

/// Ends an own pause whose reason the fleet shares.
void AccountGate::drop_shared() {
  if (!reason_ || !is_of_fleet(*reason_)) return;
  reason_.reset();
  canary_in_flight_ = false;
}

std::optional<PauseReason> AccountGate::reason_to_share() const {
  if (fleet_.is_foreign()) return fleet_.pause()->reason;
  return reason_ && fleet_.is_shared(*reason_) ? reason_ : std::nullopt;
}

}  // namespace attestrd
