#include "engine/engine.h"

#include <algorithm>

#include "base/check.h"
#include "engine/engine_commands.h"
#include "engine/engine_replies.h"
#include "engine/notices.h"
#include "engine/verdict.h"

namespace attestrd {
namespace {

/// The number of slots that are looked at to estimate how many results are expected.
constexpr Roster::Slot kHintSample = 1000;

bool is_pending(const PendingRecord& record) {
  return record.state != PendingRecord::State::vacant &&
         record.state != PendingRecord::State::settling;
}

/// Returns whether a handshake waits after a good answer that came at `latest` or before.
bool is_good_canary(const PendingRecord& record, Mono latest) {
  return record.state == PendingRecord::State::waiting && !record.is_held && record.was_good &&
         record.errors == 0 && record.last_pending <= latest;
}

/// Sets the deadline. It is measured where no time of the wall clock is needed, and where the time
/// of the submission is unknown: it then counts from now.
void set_deadline(PendingRecord& record, const QueuedHandshake& handshake,
                  const EngineSettings& settings, Now now) {
  const bool has_time = handshake.submitted_at >= settings.earliest_clock;
  record.has_expiry = handshake.expiry.has_value();
  if (!handshake.expiry && (handshake.submitted || !has_time)) {
    record.deadline = handshake.submitted.value_or(now.mono) + settings.give_up_after;
    record.deadline_wall_s = 0;
    return;
  }
  if (handshake.expiry) {
    record.set_deadline_wall(*handshake.expiry + settings.expiry_grace);
    record.move_deadline(now, Duration::max());
    return;
  }
  // A handshake that was submitted while the wall clock was ahead is not given up later because of
  // that.
  const bool was_ahead = now.wall >= settings.earliest_clock && handshake.submitted_at > now.wall;
  const Wall submitted_at = was_ahead ? now.wall : handshake.submitted_at;
  record.set_deadline_wall(submitted_at + settings.give_up_after);
  record.move_deadline(now, settings.give_up_after);
}

/// Moves the deadline of a handshake that is pending already to that of its row, if it is later.
/// The row may have an earlier one: an overtime is known in memory alone.
void prolong(PendingRecord& record, const QueuedHandshake& handshake,
             const EngineSettings& settings, Now now) {
  PendingRecord later = record;
  set_deadline(later, handshake, settings, now);
  if (later.deadline > record.deadline) record = later;
}

/// Returns the number of pending handshakes whose deadline is before `end`, without those that are
/// held. Walks over all slots.
std::uint64_t deadlines_before(Mono end, const Roster& roster) {
  std::uint64_t count = 0;
  for (Roster::Slot slot = 0; slot < roster.slots(); ++slot) {
    const PendingRecord& record = roster[slot];
    count += is_pending(record) && !record.is_held && record.deadline < end ? 1 : 0;
  }
  return count;
}

/// Returns the time that the first polls of this many handshakes need at this rate. Without a rate
/// limit the connections are the limit; they do about a thousand polls a second.
Duration ramp_for(std::uint64_t handshakes, double requests_per_second) {
  const double rate = requests_per_second > 0 ? requests_per_second : 1000;
  return Duration(static_cast<Duration::rep>(static_cast<double>(handshakes) / rate * 1e6));
}

void give_back_requests(DailyBudget& budget, Actions& actions) {
  if (const auto unspent = budget.give_back()) actions.emplace_back(GiveBack{*unspent});
}

}  // namespace

/// The handler of a jump of the wall clock.
class Engine::Jump {
 public:
  Jump(Engine& engine, const Step& step) : engine_(engine), step_(step) {}

  /// Moves the deadlines of given expiries if the wall clock has jumped. Walks over all slots.
  void notice() {
    const Duration jump = clock_basis(step_.now) - engine_.clock_basis_;
    if (std::chrono::abs(jump) < limits::kClockJump) return;
    engine_.clock_basis_ += jump;
    engine_.doubtful_until_ = step_.now.mono + limits::kClockDoubt;
    step_.say(notices::clock_jumped(jump));
    Roster& roster = engine_.roster_;
    for (Slot slot = 0; slot < roster.slots(); ++slot) {
      if (is_pending(roster[slot]) && roster[slot].has_expiry) move_deadline(slot);
    }
  }

 private:
  /// A handshake that waits is polled no later than its deadline, except while it waits for its own
  /// backoff.
  void move_deadline(Slot slot) {
    PendingRecord& record = engine_.roster_[slot];
    const Mono now = step_.now.mono;
    // One that has passed does not begin anew: the time since then counts.
    if (record.deadline <= now && record.deadline_wall() <= step_.now.wall) return;
    record.move_deadline(step_.now, Duration::max());
    if (record.state != State::waiting || record.errors > 0) return;
    const Mono due = engine_.wheel_.due_of(slot);
    const Mono fitted = engine_.timing_.fit({due, now + engine_.settings_.min_interval},
                                            {record.deadline, record.is_last_poll}, now);
    if (fitted >= due) return;
    engine_.wheel_.erase(slot);
    engine_.wheel_.insert(slot, fitted);
  }

  Engine& engine_;
  const Step& step_;
};

Engine::Engine(EngineSettings settings, Verifier& verifier, std::uint64_t seed, Now now)
    : verifier_(verifier),
      prng_(seed),
      timing_(timing_settings(settings)),
      wheel_(now.mono),
      clock_basis_(clock_basis(now)) {
  Reload(*this, now).configure(std::move(settings));
}

void Engine::step(Now now, const EngineEvent& event, Actions& actions) {
  const Step step{now, actions};
  DailyBudget& budget = admission_.budget();
  Backlog& backlog = admission_.backlog();
  stepped_at_ = now.mono;
  Jump(*this, step).notice();
  follow_limits(step);
  std::visit(
      OneOf{
          [&](const Replied& e) { Replies(*this, step).hear(e); },
          [&](const Verified& e) { Replies(*this, step).hear(e); },
          [&](const Woke&) {},
          [&](const Adopted& e) { adopt(e, now); },
          [&](const Settled& e) { settled(e.id); },
          [&](const Lost& e) { lose(e.id); },
          [&](const DoubtedFound& e) { Replies(*this, step).recall(e); },
          [&](const Learnt& e) { timing_.learnt(*e.hazard); },
          [&](const Recalled& e) {
            budget.recall(e.spent);
            follow_limits(step);
          },
          [&](const Reserved& e) {
            const Mono day_ends = now.mono + until_next_account_day(now.wall);
            budget.reserved(e.answer, deadlines_before(day_ends, roster_));
            if (is_stopping_) give_back_requests(budget, actions);
          },
          [&](const Recovering& e) {
            roster_.reserve(e.handshakes);
            ramp_ = ramp_for(e.handshakes, admission_.rate(now.wall));
            if (e.is_clock_doubtful) doubtful_until_ = now.mono + limits::kClockDoubt;
          },
          [&](const DiskFull&) { backlog.set_disk_full(true); },
          [&](const DiskHasRoom&) { backlog.set_disk_full(false); },
          [&](const QueueUnavailable&) { backlog.set_queue_unavailable(true); },
          [&](const QueueAvailable&) { backlog.set_queue_unavailable(false); },
          [&](const LeaseEnded&) { backlog.set_lease_over(true); },
          [&](const LeaseHolds&) { backlog.set_lease_over(false); },
          [&](const ShareChanged& e) {
            admission_.set_share(e.requests_per_second);
            follow_limits(step);
          },
          [&](const AccountShared& e) { share_pause(e, step); },
          [&](const PauseChanged& e) { change_pause(e.pause, step); },
          [&](const HoldChanged& e) { change_hold(e.hold, step); },
          [&](const Reconfigured& e) { Reload(*this, now).apply(e.settings, step); },
          [&](const Commanded& e) {
            actions.emplace_back(Answered{e.ticket, std::visit(Commands(*this, step), *e.command)});
          },
          [&](const Stop&) { stop(step); },
      },
      event);
  dispatch(step);
}

/// Begins a new day of the budget if the day has turned, and sets the rates again: each request
/// leaves less of the day, and each answer may change the rate that the server allows.
void Engine::follow_limits(const Step& step) {
  admission_.advance_to(step.now);
  const DailyBudget& budget = admission_.budget();
  timing_.set_rates(admission_.allowed_rate(),
                    budget.is_limited() ? budget.rate(step.now.wall) : 0);
  if (!has_said_spent_ || budget.is_spent()) return;
  has_said_spent_ = false;
  step.say(notices::budget_renewed(budget.spent()));
}

// ---- Adding and removing handshakes.

void Engine::adopt(const Adopted& event, Now now) {
  const QueuedHandshake& handshake = *event.handshake;
  const auto [slot, is_added] = roster_.add(handshake.id);
  PendingRecord& record = roster_[slot];
  record.is_lost = false;

  // The wait of a known handshake ends no later than its old deadline, and a settling handshake
  // does not wait, so neither is scheduled again.
  if (!is_added) return prolong(record, handshake, settings_, now);
  set_deadline(record, handshake, settings_, now);
  record.tag_digest = digest_of_tag(handshake.tag);

  const bool has_time = handshake.submitted || handshake.submitted_at >= settings_.earliest_clock;
  const Duration elapsed =
      handshake.submitted ? now.mono - *handshake.submitted : now.wall - handshake.submitted_at;
  const Duration age = has_time ? std::max(elapsed, Duration(0)) : Duration(0);
  record.submitted = now.mono - age;
  submitted_.add(record.submitted);
  record.polls = std::min(handshake.polls, PendingRecord::kMostPolls) & PendingRecord::kMostPolls;
  if (handshake.last_pending_at) {
    const Duration pending = *handshake.last_pending_at - handshake.submitted_at;
    record.last_pending = record.submitted + std::clamp(pending, Duration(0), age);
    record.was_good = true;
  }
  record.is_fresh = event.is_new;
  record.is_unwatched = !event.is_new;
  set_held(slot, handshake.is_held);
  if (!event.is_new) {
    const bool is_overdue = now.mono >= record.deadline;
    wait_until(slot, timing_.recovered_poll(record.load, age, ramp_, is_overdue, now.mono, prng_),
               now.mono);
  } else if (const auto due = timing_.first_poll(record.load, now.mono, prng_)) {
    wait_until(slot, *due, now.mono);
  } else {
    make_ready(slot, now.mono);
  }
}

void Engine::lose(const HandshakeId& id) {
  const auto slot = roster_.find(id);
  if (!slot) return;
  PendingRecord& record = roster_[*slot];
  switch (record.state) {
    case State::waiting:
      wheel_.erase(*slot);
      forget(*slot);
      return;
    case State::held: forget(*slot); return;
    case State::ready:
    case State::polling: record.is_lost = true; return;  // A lane or a ticket still names the slot.
    case State::settling:
      return;  // The ledger finds that the row is gone, and reports Settled.
    // Never: a vacant slot has no id.
    case State::vacant: break;
  }
  ATTESTRD_CHECK(false && "a vacant slot has no id");
}

void Engine::settled(const HandshakeId& id) {
  const auto slot = roster_.find(id);
  ATTESTRD_CHECK(slot && roster_[*slot].state == State::settling);
  admission_.backlog().remove(roster_[*slot].response_bytes);
  forget(*slot);
}

void Engine::forget(Slot slot) {
  if (is_pending(roster_[slot])) submitted_.remove(roster_[slot].submitted);
  set_held(slot, false);
  timing_.remove(roster_[slot].load);
  if (roster_[slot].is_in_lasting_trouble()) --in_trouble_;
  witnesses_.forget(slot);
  untrusted_.drop(slot);
  roster_.remove(slot);
}

void Engine::stop(const Step& step) {
  if (std::exchange(is_stopping_, true)) return;
  for (Slot slot = 0; slot < roster_.slots(); ++slot) {
    PendingRecord& record = roster_[slot];
    if (!is_pending(record) || !record.is_unsaved) continue;
    record.is_unsaved = false;
    step.actions.emplace_back(
        Save{{roster_.id_of(slot), record.polls, record.last_pending_at(step.now)}});
  }
  if (auto learnt = timing_.take_unsaved()) step.actions.emplace_back(Remember{std::move(*learnt)});
  give_back_requests(admission_.budget(), step.actions);
}

// ---- The demands of the fleet and of operators.

void Engine::share_pause(const AccountShared& event, const Step& step) {
  const AccountGate& account = admission_.account();
  const auto before = account.fleet().pause();
  switch (admission_.share_pause(step.now, event.pause)) {
    case AccountGate::Shared::unchanged: return;
    case AccountGate::Shared::foreign: return step.say(notices::account_paused_by(*event.pause));
    case AccountGate::Shared::taken_up:
      // The others wait for its canaries, which must not wait for their own time.
      for (int i = 0; i < 2; ++i)
        if (const auto slot = take_waiting_canary(step.now)) make_ready(*slot, step.now.mono);
      return step.say(notices::account_taken_up(*account.reason(), before,
                                                account.next_canary() - step.now.mono));
    case AccountGate::Shared::over:
      return step.say(notices::account_resumed(before->reason, step.now.wall - before->since));
  }
}

void Engine::change_pause(const OperatorPause& pause, const Step& step) {
  if (pause.since == operator_pause_) return;
  const auto before = std::exchange(operator_pause_, pause.since);
  admission_.set_paused(pause.since.has_value());
  if (!pause.since) return step.say(notices::polling_resumed(step.now.wall - *before));
  step.say(notices::polling_paused());
}

/// A poll in flight goes on. A handshake that is held becomes due as all others do, and is parked
/// then: so it is polled after its release no earlier than it would have been without the hold.
void Engine::change_hold(const SetHeld& hold, const Step& step) {
  const auto slot = roster_.find(hold.id);
  if (!slot || roster_[*slot].is_lost || roster_[*slot].state == State::settling) return;
  set_held(*slot, hold.is_held);
  if (hold.is_held || roster_[*slot].state != State::held) return;
  make_ready(*slot, step.now.mono);
}

void Engine::set_held(Slot slot, bool is_held) {
  PendingRecord& record = roster_[slot];
  if (record.is_held == is_held) return;
  record.is_held = is_held;
  is_held ? ++held_ : --held_;
}

/// Parks a due handshake that is in no lane, if an operator holds it. Returns whether it did so.
bool Engine::park_if_held(Slot slot) {
  PendingRecord& record = roster_[slot];
  if (!record.is_held) return false;
  timing_.remove(std::exchange(record.load, 0));
  record.state = State::held;
  return true;
}

// ---- Due handshakes and their polls.

void Engine::wait_until(Slot slot, PollTiming::Due due, Mono now) {
  PendingRecord& record = roster_[slot];
  record.state = State::waiting;
  wheel_.insert(slot, timing_.fit(due, {record.deadline, record.is_last_poll}, now));
}

void Engine::make_ready(Slot slot, Mono now) {
  using Lane = ReadyLanes::Lane;
  if (park_if_held(slot)) return;
  PendingRecord& record = roster_[slot];
  record.state = State::ready;
  const bool is_troubled = !record.was_good || record.is_in_lasting_trouble();
  const Lane asked = is_troubled ? Lane::troubled : Lane::known;
  const Lane other = record.is_fresh ? Lane::fresh : asked;
  // Its last poll is for a result that is near to be archived, not for more of the same trouble.
  const bool is_last = now >= record.deadline && !record.is_in_lasting_trouble();
  lanes_.push(is_last ? Lane::last : other, slot, now);
}

void Engine::dispatch(const Step& step) {
  if (is_stopping_) return;
  replan_doubted(step.now.mono);
  follow_hints(step.now.mono);
  Reload(*this, step.now).replan_some();
  make_due_ready(step.now.mono);
  DailyBudget& budget = admission_.budget();
  std::uint32_t parked = 0;  // Or forgotten.
  while (!lanes_.empty() && parked < limits::kParkedPerStep && admission_.allows(step.now)) {
    if (budget.is_spent()) put_off_all_but_last_polls(step);
    if (lanes_.empty() || !budget.allows()) break;
    const Slot slot = admission_.account().is_open() ? lanes_.pop() : take_canary(step.now);
    if (roster_[slot].is_lost) {
      forget(slot);
      ++parked;
    } else if (park_if_held(slot)) {
      ++parked;
    } else {
      start_poll(slot, step);
    }
  }
  if (is_empty()) return;  // No handshake needs a request.
  if (const auto wanted = budget.next_reservation()) step.actions.emplace_back(Reserve{*wanted});
}

/// Makes the handshakes that are due ready, so many that the step stays short. The next step, which
/// follows at once, goes on.
void Engine::make_due_ready(Mono now) {
  for (std::uint32_t left = limits::kDuePerStep; left > 0; --left) {
    const auto slot = wheel_.pop_due(now);
    if (!slot) return;
    make_ready(*slot, now);
  }
}

/// Removes and returns the canary of a paused account: a handshake whose latest answer was a good
/// one, if there is one, so that a few in trouble of their own do not prolong the pause. It need
/// not be due. The search among those that wait is bounded; the next one continues where it ended.
Engine::Slot Engine::take_canary(Now now) {
  if (const auto slot = lanes_.pop_known()) return *slot;
  if (const auto slot = take_waiting_canary(now)) return *slot;
  return lanes_.pop();
}

/// Removes and returns such a handshake that is not due yet, if one is found.
std::optional<Engine::Slot> Engine::take_waiting_canary(Now now) {
  const Slot most = std::min(roster_.slots(), limits::kCanarySearch);
  for (Slot i = 0; i < most && !admission_.budget().is_spent(); ++i) {
    if (canary_searched_ >= roster_.slots()) canary_searched_ = 0;
    const Slot slot = canary_searched_++;
    if (!is_good_canary(roster_[slot], now.mono - settings_.min_interval)) continue;
    wheel_.erase(slot);
    return slot;
  }
  return std::nullopt;
}

/// Returns the least time between two polls of each handshake in lasting trouble, so that all of
/// them together take only a small share of the requests from the others. If its trouble is that
/// of all, and most are in trouble, there are few others.
Duration Engine::crowd_delay(Now now, bool is_of_all) const {
  const bool are_most = in_trouble_ > roster_.size() / 2;
  const double share = is_of_all && are_most ? 0.5 : 0.125;
  const double rate = admission_.rate(now.wall);
  if (rate == 0) return Duration(0);
  const double delay_s = static_cast<double>(in_trouble_) / (rate * share);
  const double most_s = std::chrono::duration<double>(limits::kCrowdBackoffCap).count();
  return Duration(static_cast<Duration::rep>(std::min(delay_s, most_s) * 1e6));
}

/// Lets all handshakes whose signatures failed be polled soon, since signatures hold again. Where
/// two servers answer, one of them may have the wrong secret, so that signatures begin to hold
/// again and again: such polls take no more requests than those in lasting trouble do.
void Engine::poll_doubted(Now now) {
  const Duration interval = std::max<Duration>(limits::kDoubtedInterval, crowd_delay(now, false));
  doubted_due_ = std::max(now.mono, doubted_polled_at_ + interval);
}

/// Begins to plan their polls anew once they are due.
void Engine::replan_doubted(Mono now) {
  if (replanned_ || !doubted_due_ || now < *doubted_due_) return;
  doubted_due_.reset();
  doubted_polled_at_ = now;
  replanned_ = 0;
  replan_ = Replan::doubted;
}

/// Notices that hints are missing, and plans all polls anew if hints announce much fewer results
/// than they did.
void Engine::follow_hints(Mono now) {
  HintCoverage& hints = timing_.hints();
  if (hints.is_check_due(now)) hints.check(now, results_expected_since(hints.checked_at(), now));
  if (replanned_ || !hints.take_replan(now)) return;
  replanned_ = 0;
  replan_ = Replan::healthy;
}

/// Returns how many of the pending handshakes without a hint were expected, at their submission, to
/// be done since then. Each adds up to at most one result in its life, so that those that are never
/// done do not add up to many, however little is known of high ages. It is estimated from a sample,
/// so that no step takes long.
double Engine::results_expected_since(Mono since, Mono now) const {
  const Slot stride = std::max<Slot>(1, roster_.slots() / kHintSample);
  double expected = 0;
  for (Slot slot = 0; slot < roster_.slots(); slot += stride) {
    const PendingRecord& record = roster_[slot];
    if (!is_pending(record) || record.has_hint() || record.is_hint_spent) continue;
    const Mono from = std::max({since, record.submitted, record.last_pending});
    const Hazard& hazard = timing_.hazard();
    expected += hazard.survival(Duration(0), from - record.submitted) -
                hazard.survival(Duration(0), now - record.submitted);
  }
  return expected * stride;
}

void Engine::put_off_all_but_last_polls(const Step& step) {
  if (!std::exchange(has_said_spent_, true)) {
    step.say(
        notices::budget_spent(admission_.budget().spent(), until_next_account_day(step.now.wall)));
  }
  while (const auto slot = lanes_.pop_other()) {
    if (roster_[*slot].is_lost) {
      forget(*slot);
    } else {
      auto due = timing_.put_off(step.now.mono, prng_);
      // In lasting trouble the last poll waits, too: its deadline must not make it due at once.
      if (step.now.mono >= roster_[*slot].deadline) due.floor = due.at;
      wait_until(*slot, due, step.now.mono);
    }
  }
}

void Engine::start_poll(Slot slot, const Step& step) {
  PendingRecord& record = roster_[slot];
  record.is_last_poll = step.now.mono >= record.deadline;
  record.is_canary = admission_.start(step.now, record.is_last_poll);
  record.is_announced |= record.is_hinted;
  record.is_hinted = false;
  record.is_fresh = false;
  record.is_unsaved = true;
  record.state = State::polling;
  ++record.polls;
  step.actions.emplace_back(StartPoll{slot, roster_.id_of(slot)});
}

std::optional<Mono> Engine::next_wake() const {
  if (is_stopping_) return std::nullopt;
  if (replanned_) return stepped_at_;
  std::optional<Mono> wake;
  const auto next = lanes_.empty() ? std::nullopt : admission_.next();
  const auto hints = is_empty() ? std::nullopt : timing_.hints().next();
  for (const auto& time : {wheel_.next_wake(), next, doubted_due_, hints})
    if (time) wake = std::min(wake.value_or(*time), *time);
  return wake;
}

bool Engine::is_quiet() const {
  // While nothing can be written, no grant will arrive soon.
  const bool awaits_grant =
      is_stopping_ && admission_.budget().is_reserving() && admission_.backlog().can_be_written();
  return admission_.in_flight() == 0 && admission_.backlog().records() == 0 && !awaits_grant;
}

}  // namespace attestrd
