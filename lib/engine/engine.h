#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "admission/admission.h"
#include "base/prng.h"
#include "base/time.h"
#include "engine/action.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/explanation.h"
#include "engine/ready_lanes.h"
#include "engine/roster.h"
#include "engine/settings.h"
#include "schedule/poll_timing.h"
#include "schedule/timing_wheel.h"
#include "verify/verifier.h"

namespace attestrd {

/// The state machine of all pending handshakes: turns an event into actions, and says when it is to
/// be woken. Pure: time and the seed are arguments, actions are values.
///
///     waiting --(due, or kicked)--> ready --(admitted)--> polling --(ended)--> settling --> gone
///        ^---(put off: day spent)-----'                      |
///        '-------------(not yet, or an error)----------------'
///
/// Its parts each answer one question: PollTiming WHEN a handshake is polled next, Admission
/// WHETHER a poll may start now, ReadyLanes whose turn it is, verdict.h what an answer means. Rows
/// come from the queue at any time and can be lost; the engine never assumes that it sees every
/// row.
class Engine {
 public:
  Engine(EngineSettings settings, Verifier& verifier, std::uint64_t seed, Now now);

  /// Takes one event, and appends what is to be done to `actions`.
  void step(Now now, const EngineEvent& event, Actions& actions);

  /// When to be woken at the latest; nothing: only an event brings more to do.
  std::optional<Mono> next_wake() const;

  /// No handshake is pending, and no record is being written.
  bool is_empty() const { return roster_.size() == 0; }
  /// After Stop: nothing is in flight, no record is being written, and no reservation is under way
  /// that would have to be given back.
  bool is_quiet() const;

  EngineReport report(Now now) const;
  /// Of all that are pending. Walks over them, at a few milliseconds a million.
  std::optional<Wall> oldest_submitted_at(Now now) const;
  /// Nothing: it is not pending, as far as the engine knows.
  std::optional<Explanation> explain(const HandshakeId& id, Now now) const;

 private:
  using Slot = Roster::Slot;
  using State = PendingRecord::State;

  /// One call of step(): its time, and where its actions go.
  struct Step {
    Now now;
    Actions& actions;
    void say(Notice notice) const { actions.emplace_back(Say{std::move(notice)}); }
  };

  /// One handler for each alternative of a variant.
  template <class... Handlers>
  struct OneOf : Handlers... {
    using Handlers::operator()...;
  };
  template <class... Handlers>
  OneOf(Handlers...) -> OneOf<Handlers...>;

  class Replies;   // engine_replies.h: what a reply leads to
  class Commands;  // engine_commands.h: one handler a command

  // Handshakes come and go.
  void adopt(const Adopted& event, Now now);
  void lose(const HandshakeId& id);
  void settled(const HandshakeId& id);
  void forget(Slot slot);
  void stop(const Step& step);

  // What is due, and what is polled.
  void wait_until(Slot slot, PollTiming::Due due, Mono now);
  void make_ready(Slot slot, Mono now);
  void dispatch(const Step& step);
  void put_off_all_but_last_polls(const Step& step);
  void start_poll(Slot slot, const Step& step);

  void configure(EngineSettings settings);
  void turn_day(const Step& step);

  EngineSettings settings_;
  Verifier& verifier_;
  Prng prng_;
  PollTiming timing_;
  Admission admission_;
  TimingWheel wheel_;  // Those that wait.
  ReadyLanes lanes_;   // Those that are due.
  Roster roster_;      // All.
  Duration ramp_{0};   // The first polls of recovered handshakes are spread over this.
  bool has_said_spent_ = false;
  bool is_stopping_ = false;
  EngineReport totals_;  // Its counters.
};

}  // namespace attestrd
