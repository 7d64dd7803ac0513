#include "admission/admission.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace attestrd {

void Admission::set_limits(const Limits& limits) {
  rate_.set_configured(limits.requests_per_second);
  pace_.set_rate(allowed_rate());
  budget_.set_limit(limits.daily_requests);
  slow_start_.set_most(limits.connections);
  backlog_.set_memory(limits.answer_memory_bytes);
}

void Admission::advance_to(Now now) {
  budget_.advance_to(now.wall);
  if (budget_.is_limited()) next_day_ = now.mono + until_next_account_day(now.wall);
}

std::optional<Mono> Admission::next() const {
  const auto allowed = account_.next();
  if (!has_capacity() || !allowed) return std::nullopt;
  const Mono next = std::max(pace_.next(), *allowed);
  if (budget_.allows()) return next;
  if (!budget_.is_used_up()) return std::nullopt;  // The answer to a reservation is pending.
  return std::max(next, next_day_);
}

bool Admission::start(Now now, bool is_last_poll) {
  const bool is_canary = !account_.is_open();
  ++in_flight_;
  account_.spend();
  pace_.spend(now.mono);
  budget_.spend(is_last_poll);
  return is_canary;
}

void Admission::end() {
  ATTESTRD_CHECK(in_flight_ > 0);
  --in_flight_;
  rate_.poll_ended();
}

void Admission::answer_lost(bool is_canary) {
  if (is_canary) account_.canary_lost();
}

bool Admission::trouble(Now now, PauseReason reason, std::optional<Duration> retry_after,
                        const FailedPoll& poll) {
  if (reason == PauseReason::rate_limited) account_.hold(now, retry_after);
  if (reason == PauseReason::rate_limited && account_.is_open()) {
    const bool is_lowered = rate_.refused(now.mono, retry_after, in_flight_);
    pace_.set_rate(allowed_rate());
    if (is_lowered) return false;
  }
  const bool begins = account_.trouble(now, reason, poll);
  if (!account_.is_open()) account_.hold(now, retry_after);
  if (begins) slow_start_.begin_anew();
  return begins;
}

bool Admission::failure(Now now, std::optional<Duration> retry_after, const FailedPoll& poll) {
  const bool begins = account_.failure(now, poll);
  if (begins || poll.is_canary) account_.hold(now, retry_after);
  if (begins) slow_start_.begin_anew();
  return begins;
}

bool Admission::good_answer(Now now, bool is_canary) {
  const bool was_lowered = rate_.is_lowered();
  rate_.good(now.mono);
  if (was_lowered) pace_.set_rate(allowed_rate());
  const bool ends = account_.good_answer(now, is_canary);
  if (account_.is_open()) slow_start_.good_answer();
  return ends;
}

AccountGate::Shared Admission::share_pause(Now now, std::optional<SharedPause> pause) {
  const auto effect = account_.share(now, std::move(pause));
  if (effect != AccountGate::Shared::unchanged) slow_start_.begin_anew();
  return effect;
}

void Admission::set_share(std::optional<double> requests_per_second) {
  share_ = requests_per_second;
  pace_.set_rate(allowed_rate());
}

// A share of 0 lets no poll start (has_capacity()), whatever the rate is then.
double Admission::allowed_rate() const {
  if (!share_ || *share_ == 0) return rate_.value();
  return rate_.value() == 0 ? *share_ : std::min(rate_.value(), *share_);
}

double Admission::rate(Wall now) const {
  const double allowed = allowed_rate();
  if (!budget_.is_limited()) return allowed;
  const double a_day = budget_.rate(now);
  return allowed == 0 ? a_day : std::min(allowed, a_day);
}

}  // namespace attestrd
