#include <algorithm>

#include "base/limits.h"
#include "engine/engine.h"
#include "base/backoff.h"

namespace attestrd {

// The requests of the day: how many are left, who may have them, and who waits for the next day.

void Engine::on(const Recalled& event) {
  budget_.recall(event.spent);
  look_at_day();
}

void Engine::on(const Reserved& event) {
  budget_.reserved(event.granted, last_polls_today());
  if (is_stopping_) give_requests_back();
}

/// The day may have turned, and with each request less is left of it.
void Engine::look_at_day() {
  budget_.look_at(now_.wall);
  price_.set_daily_rate(budget_.is_limited() ? budget_.rate(now_.wall) : 0);
  if (has_said_spent_ && !budget_.is_spent()) say_budget(Event::budget_renewed);
}

/// What all polls together may ask for, in requests per second. Zero: without a limit.
double Engine::rate() const {
  const double a_second = settings_.requests_per_second;
  if (!budget_.is_limited()) return a_second;
  const double a_day = budget_.rate(now_.wall);
  return a_second == 0 ? a_day : std::min(a_second, a_day);
}

/// For those who are ready. When only last polls may go out, all others are put off.
bool Engine::has_request_left() {
  if (!budget_.is_spent()) return budget_.allows();
  if (!has_said_spent_) say_budget(Event::budget_spent);
  put_off(fresh_lane_);
  put_off(known_lane_);
  return !last_lane_.empty() && budget_.allows();
}

/// They look again from time to time, rather than at midnight all at once: so they also see a limit
/// that was raised, a clock that was set, and their deadline.
void Engine::put_off(Ring<Slot>& lane) {
  const Duration look = std::min(limits::kNextDayLook, settings_.max_interval);
  while (!lane.empty()) {
    const Slot slot = lane.pop();
    if (roster_[slot].is_lost) {
      forget(slot);
    } else {
      schedule(slot, now_.mono + equal_jitter(look, prng_), now_.mono);
    }
  }
}

void Engine::reserve_requests() {
  if (roster_.size() == 0) return;  // Nobody needs one.
  if (const auto wanted = budget_.next_reservation()) actions_->emplace_back(Reserve{*wanted});
}

void Engine::give_requests_back() {
  if (const auto unspent = budget_.give_back()) actions_->emplace_back(GiveBack{*unspent});
}

/// How many deadlines come before the day ends.
std::uint64_t Engine::last_polls_today() const {
  const Mono end = now_.mono + until_next_account_day(now_.wall);
  std::uint64_t count = 0;
  for (Slot slot = 0; slot < roster_.slots(); ++slot) {
    const PendingRecord& record = roster_[slot];
    const bool is_pending = record.state != State::vacant && record.state != State::settling;
    count += is_pending && record.deadline < end ? 1 : 0;
  }
  return count;
}

void Engine::report_budget(Now now, EngineReport& report) const {
  report.daily_limit = budget_.limit();
  report.spent_today = budget_.spent();
  report.kept_today = budget_.kept();
  report.is_day_spent = budget_.is_spent();
  report.until_next_day = until_next_account_day(now.wall);
}

void Engine::say_budget(Event event) {
  has_said_spent_ = event == Event::budget_spent;
  Notice notice;
  notice.event = event;
  notice.level = has_said_spent_ ? Level::warn : Level::info;
  notice.count = budget_.spent();
  if (has_said_spent_) {
    notice.message =
        "the requests of the day are spent, but for those kept for last polls: all "
        "other polls wait for the next day";
    notice.wait = until_next_account_day(now_.wall);
  } else {
    notice.message = "there are requests again; polling goes on";
  }
  say(std::move(notice));
}

}  // namespace attestrd
