#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "admission/admission.h"
#include "admission/witnesses.h"
#include "base/prng.h"
#include "base/time.h"
#include "base/time_counts.h"
#include "engine/action.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/explanation.h"
#include "engine/ready_lanes.h"
#include "engine/roster.h"
#include "engine/settings.h"
#include "http/server_clock.h"
#include "poll/kept_answers.h"
#include "schedule/poll_timing.h"
#include "schedule/timing_wheel.h"
#include "verify/form_memory.h"
#include "verify/verifier.h"

namespace attestrd {

/// The state machine of all pending handshakes. It turns an event into actions, and returns when it
/// must be woken next. Pure: time and the seed are arguments, actions are values.
///
///     waiting --(due, or kicked)--> ready --(admitted)--> polling --(ended)--> settling --> gone
///        ^---(put off: day spent)-----'                      |
///        '-------------(not yet, or an error)----------------'
///
/// One that an operator holds goes from `ready` or `waiting` to `held` once it is due, and becomes
/// ready with its release. One that an operator cancels goes to `settling`.
///
/// Each of its parts makes one decision: PollTiming decides WHEN a handshake is polled next,
/// Admission decides WHETHER a poll may start now, ReadyLanes decides which due handshake is next,
/// Witnesses decide whose fault trouble is, and verdict.h decides what an answer means. Rows come
/// from the queue at any time and can be lost; the engine never assumes that it sees every row.
// More than 20 methods: the runtime asks for what it needs at each step, one value at a time.
class Engine {
 public:
  Engine(EngineSettings settings, Verifier& verifier, std::uint64_t seed, Now now);

  /// Processes one event, and appends the resulting actions to `actions`.
  void step(Now now, const EngineEvent& event, Actions& actions);

  /// Returns the latest time at which the engine must be woken, or nothing if only an event can
  /// cause more work.
  std::optional<Mono> next_wake() const;

  /// Returns whether no handshake is pending and no record is being written.
  bool is_empty() const { return roster_.size() == 0; }
  /// Returns, after Stop, whether nothing is in flight, no record is being written, and no
  /// reservation is in progress that would have to be given back.
  bool is_quiet() const;

  /// Returns the bytes of all answers that are kept in memory.
  std::size_t kept_bytes() const { return admission_.backlog().bytes() + untrusted_.bytes(); }

  /// Returns the form of the first signature that has held, or the one that is configured.
  std::optional<SigningForm> usual_form() const { return forms_.usual(); }

  EngineReport report(Now now) const;
  /// Returns nothing if the handshake is not pending as far as the engine knows.
  std::optional<Explanation> explain(const HandshakeId& id, Now now) const;

 private:
  using Slot = Roster::Slot;
  using State = PendingRecord::State;

  /// The context of one call of step(): its time, and the list that receives its actions.
  struct Step {
    Now now;
    Actions& actions;
    void say(Notice notice) const { actions.emplace_back(Say{std::move(notice)}); }
  };

  /// A visitor with one handler for each alternative of a variant.
  template <class... Handlers>
  struct OneOf : Handlers... {
    using Handlers::operator()...;
  };
  template <class... Handlers>
  OneOf(Handlers...) -> OneOf<Handlers...>;

  class Replies;   // engine_replies.h: handlers of replies
  class Commands;  // engine_commands.h: one handler for each command
  class Reload;    // engine_commands.h: new settings
  class Jump;      // engine.cpp: the handler of a jump of the wall clock

  // Adding and removing handshakes.
  void adopt(const Adopted& event, Now now);
  void lose(const HandshakeId& id);
  void settled(const HandshakeId& id);
  void forget(Slot slot);
  void stop(const Step& step);

  Explanation explanation_of(Slot slot, Now now) const;  // Without `expected_polls`.

  // The demands of operators.
  void change_pause(const OperatorPause& pause, const Step& step);
  void share_pause(const AccountShared& event, const Step& step);
  void change_hold(const SetHeld& hold, const Step& step);
  void set_held(Slot slot, bool is_held);
  bool park_if_held(Slot slot);

  // Due handshakes and their polls.
  void wait_until(Slot slot, PollTiming::Due due, Mono now);
  void make_ready(Slot slot, Mono now);
  void dispatch(const Step& step);
  void make_due_ready(Mono now);
  std::optional<Duration> next_poll(Now now) const;
  void put_off_all_but_last_polls(const Step& step);
  void start_poll(Slot slot, const Step& step);
  Slot take_canary(Now now);
  std::optional<Slot> take_waiting_canary(Now now);
  Duration crowd_delay(Now now, bool is_of_all) const;
  void poll_doubted(Now now);
  void replan_doubted(Mono now);
  void follow_hints(Mono now);
  double results_expected_since(Mono since, Mono now) const;

  void follow_limits(const Step& step);

  EngineSettings settings_;
  Verifier& verifier_;
  Prng prng_;
  PollTiming timing_;
  Admission admission_;
  TimingWheel wheel_;             // Waiting handshakes.
  ReadyLanes lanes_;              // Due handshakes.
  Roster roster_;                 // All handshakes.
  TimeCounts submitted_;          // The submissions of those that are pending.
  Witnesses witnesses_;           // Of trouble.
  KeptAnswers untrusted_;         // The last answers whose result could not be trusted.
  std::uint64_t in_trouble_ = 0;  // Handshakes in lasting trouble.
  Duration ramp_{0};          // The first polls of recovered handshakes are spread over this time.
  Slot canary_searched_ = 0;  // The search for the next canary begins here.
  std::optional<Slot> replanned_ = {};  // After a reload: the slots below have a new plan.
  /// The handshakes whose polls are planned anew.
  enum class Replan : std::uint8_t {
    all,      ///< After a reload; those that new settings may help are polled at once.
    doubted,  ///< Those whose signatures failed: signatures hold again.
    healthy,  ///< Those that wait for a result: hints announce fewer results.
  };
  Replan replan_ = Replan::all;
  std::uint64_t secrets_ = 0;      // Grows with each reload of other secrets.
  bool forgets_failures_ = false;  // After a reload of other secrets: those of signatures.
  Mono doubted_polled_at_ = Mono::min();
  std::optional<Mono> doubted_due_ = {};
  std::size_t older_polls_ = 0;  // Polls in flight that began before the last reload.
  Mono stepped_at_ = Mono::min();
  Duration clock_basis_;               // Of both clocks; it changes when the wall clock jumps.
  Mono doubtful_until_ = Mono::min();  // The wall clock is doubtful until then.
  ServerClock server_clock_;
  FormMemory forms_;
  std::optional<Wall> operator_pause_;  // Since when.
  std::uint64_t held_ = 0;              // Handshakes that operators hold.
  bool has_said_spent_ = false;
  bool has_said_lowered_ = false;
  bool is_stopping_ = false;
  EngineReport totals_;  // Only the counters and the time of the last good poll.
};

}  // namespace attestrd
