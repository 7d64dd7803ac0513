#include "engine/engine_commands.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "engine/engine_replies.h"

namespace attestrd {
namespace {

using Wait = Explanation::Wait;
using State = PendingRecord::State;

/// Returns why a handshake is not polled now. `due` is set only while it waits.
Wait reason_to_wait(const PendingRecord& record, std::optional<Mono> due, const DailyBudget& budget,
                    CadenceKind cadence, Now now) {
  if (record.state == State::settling) return Wait::record;
  if (record.state == State::polling) return Wait::answer;
  if (record.is_held) return Wait::release;
  const bool is_last = now.mono >= record.deadline;
  if (budget.is_used_up() || (budget.is_spent() && !is_last)) {
    const bool is_kept = !is_last && record.deadline - now.mono < until_next_account_day(now.wall);
    return is_kept && !budget.is_used_up() ? Wait::deadline : Wait::next_day;
  }
  if (!due) return Wait::turn;
  if (record.errors > 0) return Wait::retry;
  if (*due >= record.deadline) return Wait::deadline;
  return cadence == CadenceKind::adaptive ? Wait::result : Wait::interval;
}

/// Returns the earliest time of the next poll, or nothing if only an event can allow it.
std::optional<Mono> poll_time(Wait wait, std::optional<Mono> due, Mono deadline,
                              const Admission& admission, Now now) {
  if (wait == Wait::answer || wait == Wait::record || wait == Wait::release) return std::nullopt;
  if (admission.is_paused()) return std::nullopt;
  if (wait == Wait::turn) return admission.next();
  const auto allowed = admission.account().next();
  if (!allowed || !admission.backlog().allows(0)) return std::nullopt;
  if (wait == Wait::next_day)
    return std::max(*allowed, now.mono + until_next_account_day(now.wall));
  return std::max(*allowed, wait == Wait::deadline ? deadline : *due);
}

/// Returns whether no event is needed before its next poll.
bool is_polled_by_itself(const PendingRecord& record) {
  const bool is_pending =
      record.state == PendingRecord::State::waiting || record.state == PendingRecord::State::ready;
  return is_pending && !record.is_held && !record.is_lost;
}

}  // namespace

EngineAnswer Engine::Commands::operator()(const ExplainCommand& command) const {
  return engine_.explain(command.id, now_);
}

EngineAnswer Engine::Commands::operator()(const CurveCommand&) const {
  return engine_.timing_.curve();
}

EngineAnswer Engine::Commands::operator()(const ReportCommand&) const {
  return engine_.report(now_);
}

EngineAnswer Engine::Commands::operator()(const KickCommand& command) const {
  std::vector<Kicked> kicked;
  kicked.reserve(command.ids.size());
  for (const HandshakeId& id : command.ids) kicked.push_back(kick(id));
  return kicked;
}

Kicked Engine::Commands::kick(const HandshakeId& id) const {
  const auto slot = engine_.roster_.find(id);
  if (!slot || engine_.roster_[*slot].is_lost) return Kicked::not_pending;
  const PendingRecord& record = engine_.roster_[*slot];
  switch (record.state) {
    case State::held: return Kicked::held;
    case State::waiting:
      if (record.is_held) return Kicked::held;
      engine_.wheel_.erase(*slot);
      engine_.make_ready(*slot, now_.mono);
      return Kicked::due_now;
    case State::ready: return record.is_held ? Kicked::held : Kicked::due_already;
    case State::polling: return Kicked::in_flight;
    case State::settling: return Kicked::ending;
    // Never: a vacant slot has no id.
    case State::vacant: break;
  }
  return Kicked::not_pending;
}

EngineAnswer Engine::Commands::operator()(const KickAccountCommand&) const {
  const AccountGate& account = engine_.admission_.account();
  if (account.is_open()) return AccountKicked::not_paused;
  if (account.has_canary()) return AccountKicked::in_flight;
  Admission& admission = engine_.admission_;
  admission.ask_at_once(now_);
  const bool is_held = account.held_until() > now_.mono || !account.may_ask() ||
                       admission.is_paused() || !admission.backlog().allows(0) ||
                       admission.budget().is_used_up();
  return is_held ? AccountKicked::held : AccountKicked::due_now;
}

/// Ends what is in a lane last, with one walk over the lanes for all ids.
EngineAnswer Engine::Commands::operator()(const CancelCommand& command) const {
  std::vector<Cancelled> cancelled;
  cancelled.reserve(command.ids.size());
  bool are_in_lanes = false;
  for (const HandshakeId& id : command.ids) {
    const auto slot = engine_.roster_.find(id);
    are_in_lanes |= slot && engine_.roster_[*slot].state == State::ready;
    cancelled.push_back(cancel(id));
  }
  if (!are_in_lanes) return cancelled;
  const auto ended = engine_.lanes_.remove_if([this](Slot slot) {
    const PendingRecord& record = engine_.roster_[slot];
    return record.is_cancelled && !record.is_lost;
  });
  for (const Slot slot : ended) Replies(engine_, step_).cancel(slot);
  return cancelled;
}

Cancelled Engine::Commands::cancel(const HandshakeId& id) const {
  const auto slot = engine_.roster_.find(id);
  if (!slot || engine_.roster_[*slot].is_lost) return Cancelled::not_pending;
  PendingRecord& record = engine_.roster_[*slot];
  switch (record.state) {
    case State::waiting: engine_.wheel_.erase(*slot); [[fallthrough]];
    case State::held: Replies(engine_, step_).cancel(*slot); return Cancelled::cancelled;
    case State::ready: record.is_cancelled = true; return Cancelled::cancelled;
    case State::polling: record.is_cancelled = true; return Cancelled::after_poll;
    case State::settling: return Cancelled::ending;
    // Never: a vacant slot has no id.
    case State::vacant: break;
  }
  return Cancelled::not_pending;
}

EngineAnswer Engine::Commands::operator()(const HintCommand& command) const {
  PollTiming& timing = engine_.timing_;
  const auto slot = engine_.roster_.find(command.id);
  const bool is_there = slot && !engine_.roster_[*slot].is_lost;
  if (!is_there || engine_.roster_[*slot].state == State::settling) {
    timing.hints().add_late(Roster::hash_of(command.id), now_.mono);
    return Hinted::not_pending;
  }
  PendingRecord& record = engine_.roster_[*slot];
  if (!record.has_hint() && !record.is_hint_spent) timing.hints().add_hint();
  record.note_hint(now_.mono);
  if (record.state != State::waiting || record.errors > 0) return Hinted::taken;
  const auto due = timing.after_hint(record.last_pending, now_.mono);
  const Mono at = timing.fit(due, {record.deadline, record.is_last_poll}, now_.mono);
  if (at >= engine_.wheel_.due_of(*slot)) return Hinted::taken;
  engine_.wheel_.erase(*slot);
  at <= now_.mono ? engine_.make_ready(*slot, now_.mono) : engine_.wheel_.insert(*slot, at);
  return Hinted::taken;
}

Engine::Commands::NextPoll Engine::Commands::next_poll_of(const Engine& engine, Slot slot,
                                                          Now now) {
  const PendingRecord& record = engine.roster_[slot];
  std::optional<Mono> due;
  if (record.state == State::waiting) due = engine.wheel_.due_of(slot);
  const Admission& admission = engine.admission_;
  const Wait wait = reason_to_wait(record, due, admission.budget(), engine.settings_.cadence, now);
  const auto poll = poll_time(wait, due, record.deadline, admission, now);
  if (!poll || engine.is_stopping_) return {wait, std::nullopt};
  return {wait, std::max(*poll - now.mono, Duration(0))};
}

std::optional<Explanation> Engine::explain(const HandshakeId& id, Now now) const {
  const auto slot = roster_.find(id);
  if (!slot || roster_[*slot].is_lost) return std::nullopt;
  Explanation why = explanation_of(*slot, now);
  const PendingRecord& record = roster_[*slot];
  why.expected_polls =
      timing_.expected_polls(why.age, std::max(record.deadline, now.mono) - record.submitted);
  return why;
}

Explanation Engine::explanation_of(Slot slot, Now now) const {
  const PendingRecord& record = roster_[slot];
  const Hazard& hazard = timing_.hazard();
  Explanation why;
  std::tie(why.wait, why.due) = Commands::next_poll_of(*this, slot, now);
  why.age = now.mono - record.submitted;
  why.until_deadline = record.deadline - now.mono;
  const Mono last = record.was_pending() ? record.last_pending : record.submitted;
  if (record.was_pending()) why.since_pending = now.mono - last;
  why.polls = record.polls;
  why.errors = record.errors;
  why.suspicion = record.suspicion;
  why.chance_done = timing_.chance_done(last - record.submitted, why.age);
  why.completions = static_cast<std::uint64_t>(hazard.completions());
  return why;
}

EngineReport Engine::report(Now now) const {
  const AccountGate& account = admission_.account();
  const Backlog& backlog = admission_.backlog();
  const DailyBudget& budget = admission_.budget();
  EngineReport report = totals_;
  report.pending = roster_.size() - backlog.records();
  report.in_flight = admission_.in_flight();
  report.settling = backlog.records();
  report.is_disk_full = backlog.is_disk_full();
  // The lease of a node ends when its beats don't reach the queue.
  report.is_queue_unavailable = backlog.is_queue_unavailable() || backlog.is_lease_over();
  report.is_backlog_full = backlog.can_be_written() && !backlog.allows(0);
  report.rate = admission_.allowed_rate();
  if (account.held_until() > now.mono) report.held = account.held_until() - now.mono;
  report.configured_rate = admission_.effective_rate().configured();
  report.daily_limit = budget.limit();
  report.spent_today = budget.spent();
  report.kept_today = budget.kept();
  report.is_day_spent = budget.is_spent();
  report.until_next_day = until_next_account_day(now.wall);
  report.mean_delay = timing_.mean_delay();
  report.clock_difference = server_clock_.difference();
  report.operator_pause = operator_pause_;
  report.held_by_operator = held_;
  report.paused_for = account.reason();
  report.signatures_fail = witnesses_.signatures_fail();
  report.paused_since = account.paused_since();
  if (account.fleet().is_foreign()) report.paused_by = account.fleet().pause()->node;
  // A node that can't poll a canary leaves that to another one.
  const bool can_ask = report.pending > held_ && backlog.can_be_written() && !budget.is_used_up();
  if (can_ask) report.fleet_pause = account.reason_to_share();
  if (const auto oldest = submitted_.earliest()) report.oldest_age = now.mono - *oldest;
  if (const auto oldest = lanes_.oldest()) report.due_lag = now.mono - *oldest;
  if (account.may_ask()) {
    report.next_canary = std::max(account.next_canary() - now.mono, Duration(0));
  }
  report.next_poll = next_poll(now);
  return report;
}

/// Returns the earliest next poll of all, from now, or nothing if only an event can allow one.
std::optional<Duration> Engine::next_poll(Now now) const {
  std::optional<Duration> next;
  const auto consider = [&](Slot slot) {
    const auto poll = Commands::next_poll_of(*this, slot, now).second;
    if (poll) next = std::min(next.value_or(*poll), *poll);
  };
  // On a day without requests only last polls are made, in another order than that of the wheel.
  const auto all = std::min<std::size_t>(roster_.slots(), limits::kNextPollSearch);
  if (admission_.budget().is_spent()) {
    for (Slot slot = 0; slot < all; ++slot)
      if (is_polled_by_itself(roster_[slot])) consider(slot);
    return next;
  }
  const auto counts = [this](Slot slot) { return is_polled_by_itself(roster_[slot]); };
  if (const auto slot = lanes_.any(counts, limits::kNextPollSearch)) consider(*slot);
  if (const auto slot = wheel_.earliest(counts, limits::kNextPollSearch)) consider(*slot);
  return next;
}

// ---- New settings.

void Engine::Reload::configure(EngineSettings settings) {
  engine_.settings_ = std::move(settings);
  const EngineSettings& now = engine_.settings_;
  engine_.timing_.set(timing_settings(now));
  engine_.admission_.set_limits({.requests_per_second = now.requests_per_second,
                                 .daily_requests = now.daily_requests,
                                 .connections = now.connections,
                                 .answer_memory_bytes = now.answer_memory_bytes});
  engine_.untrusted_.set_memory(now.answer_memory_bytes);
}

void Engine::Reload::apply(const EngineSettings& settings, const Step& step) {
  move_deadlines(settings);
  engine_.forgets_failures_ = engine_.verifier_.is_changed();
  engine_.secrets_ += engine_.verifier_.is_changed() ? 1 : 0;
  note_polls_in_flight();
  configure(settings);
  engine_.follow_limits(step);
  engine_.admission_.ask_at_once(now_);
  engine_.replanned_ = 0;
  engine_.replan_ = Replan::all;
}

/// Moves all deadlines. Walks over all slots, which takes a few milliseconds per million.
void Engine::Reload::move_deadlines(const EngineSettings& settings) {
  const Duration later = settings.give_up_after - engine_.settings_.give_up_after;
  const Duration later_with_expiry = settings.expiry_grace - engine_.settings_.expiry_grace;
  if (later == Duration(0) && later_with_expiry == Duration(0)) return;
  for (Slot slot = 0; slot < engine_.roster_.slots(); ++slot) {
    PendingRecord& record = engine_.roster_[slot];
    if (record.state == State::vacant || record.state == State::settling) continue;
    const Duration shift = record.has_expiry ? later_with_expiry : later;
    record.deadline += shift;
    if (!record.is_deadline_measured()) record.set_deadline_wall(record.deadline_wall() + shift);
  }
}

/// The answers to polls in flight may be signed with a secret that the reload has replaced: the
/// verifier knows the former secrets until they are here. Walks over all slots.
void Engine::Reload::note_polls_in_flight() {
  engine_.older_polls_ = engine_.admission_.in_flight();
  if (engine_.older_polls_ == 0) return engine_.verifier_.forget_former();
  for (Slot slot = 0; slot < engine_.roster_.slots(); ++slot) {
    PendingRecord& record = engine_.roster_[slot];
    if (record.state == State::polling) record.is_older_than_reload = true;
  }
}

void Engine::Reload::replan_some() {
  auto& next = engine_.replanned_;
  if (!next) return;
  const Slot slots = engine_.roster_.slots();
  const Slot end = *next + std::min(slots - *next, limits::kReplannedPerStep);
  for (; *next < end; ++*next) {
    PendingRecord& record = engine_.roster_[*next];
    const bool is_doubted = record.suspicion == PendingRecord::Suspicion::invalid_signature;
    if (engine_.replan_ == Replan::doubted && !is_doubted) continue;
    if (record.state == State::waiting) replan(*next);
    if (engine_.forgets_failures_) forget_failures(record);
  }
  if (end < slots) return;
  next.reset();
  engine_.forgets_failures_ = false;
}

/// Counts the failures of a signature anew: those of the former secrets prove nothing about the
/// new ones.
void Engine::Reload::forget_failures(PendingRecord& record) const {
  const bool is_pending = record.state != State::vacant && record.state != State::settling;
  if (!is_pending || record.suspicion != PendingRecord::Suspicion::invalid_signature) return;
  record.witnesses = 0;
  record.set_suspect_since(now_.mono);
}

/// Plans the poll of a waiting handshake anew, from its last answer on. The backoff of its own
/// error stays, unless new settings or secrets may have ended its trouble: then it is polled now.
void Engine::Reload::replan(Slot slot) {
  PendingRecord& record = engine_.roster_[slot];
  const bool may_end = record.may_be_configured && engine_.replan_ != Replan::healthy;
  if (record.errors > 0 && !may_end) return;
  if (record.errors == 0 && record.is_hinted) return;  // It waits for min_interval alone.
  if (record.errors > 0) {
    // Those in doubt may have been polled just now.
    const bool is_reload = engine_.replan_ == Replan::all;
    const Mono due = now_.mono + (is_reload ? Duration(0) : engine_.settings_.min_interval);
    engine_.wheel_.erase(slot);
    engine_.wait_until(slot, {due, due}, now_.mono);
    return;
  }
  PollTiming& timing = engine_.timing_;
  PollTiming::Due due;
  if (record.was_pending()) {
    due = timing.after_pending(record.load, record.last_pending - record.submitted,
                               record.last_pending, engine_.prng_, record.is_hint_spent);
  } else {
    // The time of its last answer is not known: the new gap begins now, unless the old one ends
    // before.
    due = timing.after_pending(record.load, now_.mono - record.submitted, now_.mono, engine_.prng_);
    due.at = due.floor = std::min(due.at, engine_.wheel_.due_of(slot));
  }
  engine_.wheel_.erase(slot);
  engine_.wait_until(slot, due, now_.mono);
}

}  // namespace attestrd
