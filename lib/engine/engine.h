#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/prng.h"
#include "base/ring.h"
#include "base/time.h"
#include "engine/action.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/roster.h"
#include "engine/settings.h"
#include "engine/verdict.h"
#include "admission/account_gate.h"
#include "schedule/cadence.h"
#include "admission/daily_budget.h"
#include "schedule/hazard.h"
#include "admission/pace.h"
#include "schedule/poll_price.h"
#include "schedule/timing_wheel.h"
#include "verify/verifier.h"

namespace attestrd {

/// The mind: holds every pending handshake, says what is due, and turns an answer into the next
/// action. Pure: time and the seed are arguments, actions are values. Handshakes come from the
/// queue at any time and can be taken away; it never assumes that it sees every row.
class Engine {
 public:
  Engine(EngineSettings settings, Verifier& verifier, std::uint64_t seed, Now now);

  /// Takes one event, and appends what is to be done to `actions`.
  void step(Now now, const EngineEvent& event, Actions& actions);

  /// When to be woken at the latest; nothing: only an event brings more to do.
  std::optional<Mono> next_wake() const;

  /// No handshake is pending, and none is being written down.
  bool is_empty() const { return roster_.size() == 0; }
  /// After Stop: nothing is in flight, nothing is being written down, and no reservation is under
  /// way that would have to be given back.
  bool is_quiet() const;

  EngineReport report(Now now) const;
  /// Of all that are pending. Walks over them, at a few milliseconds a million.
  std::optional<Wall> oldest_submitted_at(Now now) const;

  /// Nothing: it is not pending, as far as the engine knows.
  std::optional<Explanation> explain(const HandshakeId& id, Now now) const;

 private:
  using Slot = Roster::Slot;
  using State = PendingRecord::State;
  class Commands;  // engine_commands.cpp

  void on(const Learnt& event);
  void on(const Recalled& event);
  void on(const Reserved& event);
  void on(const Recovering& event);
  void on(const Adopted& event);
  void on(const Lost& event);
  void on(const Replied& event);
  void on(const Settled& event);
  void on(const DiskFull& event);
  void on(const DiskHasRoom& event);
  void on(const QueueUnavailable& event);
  void on(const QueueAvailable& event);
  void on(const Reconfigured& event);
  void on(const Commanded& event);
  void on(const Stop& event);
  void on(const Woke& event);

  // engine_replies.cpp: what a reply leads to.
  void on_response(Slot slot, const HttpResponse& response);
  void on_failure(Slot slot, const TransportFailure& failure);
  void learn(Slot slot, Mono last_pending, const Answer& answer, const Verdict& verdict);
  Duration jittered(Duration gap);
  void weigh(Slot slot, Duration gap);
  void wait_for_cadence(Slot slot);
  void retry_later(Slot slot, std::optional<Duration> retry_after);
  void wait_for_account(Slot slot, PauseReason reason, std::optional<Duration> retry_after,
                        Notice why);
  void finish(Slot slot, const Verdict& verdict, const Answer& answer, std::string_view body);
  bool postpones_expiry(Slot slot, const HttpResponse& response);
  void count_failure(Slot slot, std::optional<Duration> retry_after, const Notice& why);
  void count_good_answer(Slot slot);
  void say_paused(Notice why);
  Notice notice_of(Slot slot, Event event, Level level) const;
  std::optional<Wall> last_pending_at(const PendingRecord& record) const;
  void say(Notice notice) { actions_->emplace_back(Say{std::move(notice)}); }

  // engine_budget.cpp: the requests of the day.
  void look_at_day();
  bool has_request_left();
  void put_off(Ring<Slot>& lane);
  void reserve_requests();
  void give_requests_back();
  std::uint64_t last_polls_today() const;
  double rate() const;
  void report_budget(Now now, EngineReport& report) const;
  void say_budget(Event event);

  // engine_explain.cpp
  Explanation::Wait wait_of(Slot slot, Now now) const;
  std::optional<Duration> due_of(Slot slot, Explanation::Wait wait, Now now) const;

  void schedule(Slot slot, Mono due, Mono floor);
  void make_ready(Slot slot);
  void forget(Slot slot);
  void dispatch();
  bool has_ready() const;
  bool has_room() const;
  Slot pop_ready();
  void start_poll(Slot slot);
  void save_progress();
  void remember();
  void take_settings(EngineSettings settings);
  void fix_price();
  void begin_waiting(Slot slot);

  EngineSettings settings_;
  Verifier& verifier_;
  Prng prng_;
  Hazard hazard_;
  Hazard saved_hazard_;  // As of the last Remember.
  PollPrice price_;
  std::unique_ptr<Cadence> cadence_;
  std::uint32_t unsaved_completions_ = 0;  // That hazard_ has seen since Remember.
  std::uint32_t unpriced_handshakes_ = 0;  // That came since the price was fixed.
  Pace pace_;
  DailyBudget budget_;
  bool has_said_spent_ = false;
  AccountGate account_;
  TimingWheel wheel_;
  Roster roster_;

  // The due ones. They take turns, so that none starves another; last polls have every second one,
  // since their results are the nearest to be archived.
  Ring<Slot> last_lane_;
  Ring<Slot> fresh_lane_;
  Ring<Slot> known_lane_;
  std::size_t turn_ = 0;

  std::uint32_t concurrency_;  // Slow start: grows with each good answer, up to `connections`.
  std::size_t in_flight_ = 0;
  std::size_t settling_ = 0;
  std::uint64_t settling_bytes_ = 0;
  Duration ramp_{0};  // The first polls of recovered handshakes spread over this.
  bool is_disk_full_ = false;
  bool is_queue_unavailable_ = false;
  bool is_stopping_ = false;
  EngineReport totals_;

  // Of the step that runs.
  Now now_;
  Actions* actions_ = nullptr;
};

}  // namespace attestrd
