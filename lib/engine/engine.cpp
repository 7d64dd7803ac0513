#include "engine/engine.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "schedule/learnt_cadence.h"

namespace attestrd {

Engine::Engine(EngineSettings settings, Verifier& verifier, std::uint64_t seed, Now now)
    : verifier_(verifier),
      prng_(seed),
      wheel_(now.mono),
      concurrency_(limits::kSlowStartConnections),
      now_(now) {
  take_settings(std::move(settings));
}

void Engine::step(Now now, const EngineEvent& event, Actions& actions) {
  now_ = now;
  actions_ = &actions;
  look_at_day();
  std::visit([this](const auto& e) { on(e); }, event);
  dispatch();
  actions_ = nullptr;
}

void Engine::take_settings(EngineSettings settings) {
  settings_ = std::move(settings);
  if (settings_.cadence == CadenceKind::adaptive) {
    cadence_ = std::make_unique<LearntCadence>(hazard_, price_, settings_.max_interval);
  } else {
    cadence_ = std::make_unique<ExponentialCadence>(settings_.min_interval, settings_.max_interval,
                                                    settings_.backoff_factor);
  }
  pace_.set_rate(settings_.requests_per_second);
  price_.set_rate(settings_.requests_per_second);
  budget_.set_limit(settings_.daily_requests);
  look_at_day();
  fix_price();
  concurrency_ = std::min(concurrency_, settings_.connections);
}

void Engine::fix_price() {
  unpriced_handshakes_ = 0;
  if (settings_.polls_per_handshake == 0) return;
  price_.fix(price_for_polls(hazard_, settings_.polls_per_handshake, settings_.give_up_after,
                             settings_.min_interval, settings_.max_interval));
}

// ---- Handshakes come and go.

void Engine::on(const Learnt& event) {
  const HazardDelta unsaved = hazard_.delta_since(saved_hazard_);
  hazard_ = saved_hazard_ = *event.hazard;
  hazard_.merge(unsaved);
  fix_price();
}

void Engine::on(const Recovering& event) {
  roster_.reserve(event.handshakes);
  // Without a limit the connections are the limit; a thousand a second is about what they do.
  const double a_second = rate() > 0 ? rate() : 1000;
  ramp_ =
      Duration(static_cast<Duration::rep>(static_cast<double>(event.handshakes) / a_second * 1e6));
}

void Engine::on(const Adopted& event) {
  const QueuedHandshake& handshake = *event.handshake;
  const auto [slot, is_added] = roster_.add(handshake.id);
  PendingRecord& record = roster_[slot];
  record.is_lost = false;

  // One submitted while the clock was ahead is given up no later for that.
  const Wall deadline = handshake.expiry
                            ? *handshake.expiry + settings_.expiry_grace
                            : std::min(handshake.submitted_at, now_.wall) + settings_.give_up_after;
  record.deadline = now_.mono + (deadline - now_.wall);
  record.set_deadline_wall(deadline);
  record.tag_digest = digest_of_tag(handshake.tag);
  // What it waits for comes no later than its old deadline; one that is settling waits for nothing.
  if (!is_added) return;

  const Duration age = std::max(now_.wall - handshake.submitted_at, Duration(0));
  record.submitted = now_.mono - age;
  record.polls = handshake.polls;
  if (handshake.last_pending_at) {
    const Duration pending = *handshake.last_pending_at - handshake.submitted_at;
    record.last_pending = record.submitted + std::clamp(pending, Duration(0), age);
  }
  record.is_fresh = event.is_new;
  record.is_unwatched = !event.is_new;
  if (event.is_new) {
    begin_waiting(slot);
  } else {
    const Duration gap = cadence_->gap_at(age);
    weigh(slot, gap);
    const Duration phase = scaled(std::min(ramp_, gap), prng_.unit());
    const bool is_overdue = now_.mono >= record.deadline;
    schedule(slot, now_.mono + phase, is_overdue ? now_.mono + phase : now_.mono);
  }
}

void Engine::on(const Lost& event) {
  const auto slot = roster_.find(event.id);
  if (!slot) return;
  PendingRecord& record = roster_[*slot];
  switch (record.state) {
    case State::waiting:
      wheel_.erase(*slot);
      forget(*slot);
      return;
    case State::ready:
    case State::polling: record.is_lost = true; return;  // A lane or a ticket names the slot yet.
    case State::settling:
      return;  // The ledger finds the row gone and says Settled.
    // Never: a vacant slot has no id.
    case State::vacant: break;
  }
  ATTESTRD_CHECK(false && "a vacant slot has no id");
}

void Engine::on(const Settled& event) {
  const auto slot = roster_.find(event.id);
  ATTESTRD_CHECK(slot && roster_[*slot].state == State::settling);
  settling_bytes_ -= roster_[*slot].response_bytes;
  --settling_;
  forget(*slot);
}

void Engine::forget(Slot slot) {
  price_.remove(roster_[slot].load);
  roster_.remove(slot);
}

void Engine::on(const DiskFull&) { is_disk_full_ = true; }
void Engine::on(const DiskHasRoom&) { is_disk_full_ = false; }
void Engine::on(const QueueUnavailable&) { is_queue_unavailable_ = true; }
void Engine::on(const QueueAvailable&) { is_queue_unavailable_ = false; }
void Engine::on(const Reconfigured& event) { take_settings(event.settings); }
void Engine::on(const Woke&) {}

void Engine::on(const Stop&) {
  if (is_stopping_) return;
  is_stopping_ = true;
  save_progress();
  remember();
  give_requests_back();
}

void Engine::remember() {
  if (unsaved_completions_ == 0) return;
  unsaved_completions_ = 0;
  actions_->emplace_back(Remember{hazard_.delta_since(saved_hazard_)});
  saved_hazard_ = hazard_;
}

void Engine::save_progress() {
  for (Slot slot = 0; slot < roster_.slots(); ++slot) {
    PendingRecord& record = roster_[slot];
    if (!record.is_unsaved || record.state == State::vacant || record.state == State::settling) {
      continue;
    }
    record.is_unsaved = false;
    actions_->emplace_back(Save{{roster_.id_of(slot), record.polls, last_pending_at(record)}});
  }
}

std::optional<Wall> Engine::last_pending_at(const PendingRecord& record) const {
  if (record.last_pending == Mono::min()) return std::nullopt;
  return now_.wall - (now_.mono - record.last_pending);
}

// ---- What is due, and when the next will be.

void Engine::schedule(Slot slot, Mono due, Mono floor) {
  PendingRecord& record = roster_[slot];
  // The last poll falls exactly on the deadline, and none just before it.
  const bool is_last_poll_to_come = now_.mono < record.deadline || !record.is_last_poll;
  if (is_last_poll_to_come && due > record.deadline - settings_.min_interval) {
    due = record.deadline;
  }
  record.state = State::waiting;
  wheel_.insert(slot, std::max(due, floor));
}

void Engine::make_ready(Slot slot) {
  PendingRecord& record = roster_[slot];
  record.state = State::ready;
  if (now_.mono >= record.deadline) {
    last_lane_.push(slot);
  } else if (record.is_fresh) {
    fresh_lane_.push(slot);
  } else {
    known_lane_.push(slot);
  }
}

bool Engine::is_quiet() const {
  // While nothing can be written, no grant will come soon.
  const bool awaits_grant =
      is_stopping_ && budget_.is_reserving() && !is_disk_full_ && !is_queue_unavailable_;
  return in_flight_ == 0 && settling_ == 0 && !awaits_grant;
}

bool Engine::has_ready() const {
  return !last_lane_.empty() || !fresh_lane_.empty() || !known_lane_.empty();
}

bool Engine::has_room() const {
  return !is_disk_full_ && !is_queue_unavailable_ && in_flight_ < concurrency_ &&
         settling_ + in_flight_ < limits::kUnsettledRecords &&
         settling_bytes_ < limits::kUnsettledBytes;
}

Engine::Slot Engine::pop_ready() {
  const std::array turns = {&last_lane_, &fresh_lane_, &last_lane_, &known_lane_};
  while (turns[turn_]->empty()) turn_ = (turn_ + 1) % turns.size();
  Ring<Slot>& lane = *turns[turn_];
  turn_ = (turn_ + 1) % turns.size();
  return lane.pop();
}

void Engine::dispatch() {
  if (is_stopping_) return;
  while (const auto slot = wheel_.pop_due(now_.mono)) make_ready(*slot);
  while (has_ready() && has_room() && account_.allows(now_) && pace_.allows(now_.mono) &&
         has_request_left()) {
    const Slot slot = pop_ready();
    if (roster_[slot].is_lost) {
      forget(slot);
    } else {
      start_poll(slot);
    }
  }
  reserve_requests();
}

void Engine::start_poll(Slot slot) {
  PendingRecord& record = roster_[slot];
  record.is_canary = !account_.is_open();
  record.is_last_poll = now_.mono >= record.deadline;
  record.is_fresh = false;
  record.is_unsaved = true;
  record.state = State::polling;
  ++record.polls;
  ++totals_.polls;
  ++in_flight_;
  account_.spend();
  pace_.spend(now_.mono);
  budget_.spend(record.is_last_poll);
  actions_->emplace_back(StartPoll{slot, roster_.id_of(slot)});
}

std::optional<Mono> Engine::next_wake() const {
  if (is_stopping_) return std::nullopt;
  std::optional<Mono> wake = wheel_.next_wake();
  if (!has_ready() || !has_room() || account_.has_canary()) return wake;
  Mono next = pace_.next();
  if (!budget_.allows()) {
    if (!budget_.is_used_up()) return wake;  // Reserved is to come.
    next = std::max(next, now_.mono + until_next_account_day(now_.wall));
  }
  if (!account_.is_open()) next = std::max(next, account_.next_canary());
  return wake ? std::min(*wake, next) : next;
}

EngineReport Engine::report(Now now) const {
  EngineReport report = totals_;
  report.pending = roster_.size() - settling_;
  report.in_flight = in_flight_;
  report.settling = settling_;
  report.is_disk_full = is_disk_full_;
  report.is_queue_unavailable = is_queue_unavailable_;
  if (has_ready()) {
    report.next_due = Duration(0);
  } else if (const auto wake = wheel_.next_wake()) {
    report.next_due = std::max(*wake - now.mono, Duration(0));
  }
  report_budget(now, report);
  report.paused_for = account_.reason();
  report.paused_since = account_.paused_since();
  if (!account_.is_open()) {
    report.next_canary = std::max(account_.next_canary() - now.mono, Duration(0));
  }
  return report;
}

std::optional<Wall> Engine::oldest_submitted_at(Now now) const {
  std::optional<Mono> oldest;
  for (Slot slot = 0; slot < roster_.slots(); ++slot) {
    const PendingRecord& record = roster_[slot];
    if (record.state == State::vacant || record.state == State::settling) continue;
    oldest = std::min(oldest.value_or(record.submitted), record.submitted);
  }
  if (!oldest) return std::nullopt;
  return now.wall - (now.mono - *oldest);
}

}  // namespace attestrd
