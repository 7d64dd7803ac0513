#include "admission/failure_run.h"

#include <algorithm>

namespace attestrd {

void FailureRun::add(const FailedPoll& poll, PauseReason reason, Mono now) {
  if (polls_++ == 0) began_ = now;
  pending_ = poll.pending;
  const auto end = failed_.begin() + static_cast<std::ptrdiff_t>(size_);
  const auto known = std::find_if(failed_.begin(), end, [&](const Failed& failed) {
    return failed.handshake == poll.handshake;
  });
  if (known != end) {
    known->reason = reason;
    return;
  }
  if (size_ < failed_.size()) {
    failed_[size_++] = {poll.handshake, reason};
    return;
  }
  failed_[next_] = {poll.handshake, reason};
  next_ = (next_ + 1) % failed_.size();
}

bool FailureRun::is_of_account(PauseReason reason, std::size_t pending, Mono now) const {
  if (is_good_fresh(now)) return false;
  if (reason == PauseReason::certificate || reason == PauseReason::proxy) return true;
  const auto end = failed_.begin() + static_cast<std::ptrdiff_t>(size_);
  const auto same = std::count_if(failed_.begin(), end,
                                  [=](const Failed& failed) { return failed.reason == reason; });
  if (same < 2) return false;
  if (size_ >= pending || reason == PauseReason::rate_limited) return true;
  return !is_short() && now - began_ >= limits::kFailureRun;
}

}  // namespace attestrd
