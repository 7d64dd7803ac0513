#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "admission/failure_run.h"
#include "admission/shared_pause.h"
#include "base/time.h"

namespace attestrd {

/// The pause of the account: the third clock of a handshake. While the account is paused, only one
/// canary at a time is polled, and trouble of the account fails no handshake. The circuit breaker
/// is one more reason to pause. A pause begins only with trouble that FailureRun finds to be the
/// account's, and its canaries come in pairs of different handshakes, so that one in trouble of its
/// own does not prolong it.
///
/// In a fleet, a pause that Attestr causes is shared: one node polls the canary, and the others
/// poll nothing until it ends. A pause for trouble of the network stays that of the node.
// More than 20 methods: a pause is begun, shared, asked about and ended through it.
class AccountGate {
 public:
  bool is_open() const { return !reason_ && !fleet_.is_foreign(); }
  std::optional<PauseReason> reason() const {
    return fleet_.is_foreign() ? fleet_.pause()->reason : reason_;
  }
  Wall paused_since() const { return fleet_.is_foreign() ? fleet_.pause()->since : since_; }
  /// Returns when the next canary may start. Valid only while paused.
  Mono next_canary() const { return std::max(next_canary_, held_until_); }
  /// Returns the end of the longest Retry-After: no poll starts before.
  Mono held_until() const { return held_until_; }
  bool has_canary() const { return canary_in_flight_; }

  /// Returns whether one more poll may start now, as far as the account is concerned.
  bool allows(Now now) const {
    return now.mono >= held_until_ &&
           (is_open() || (may_ask() && !canary_in_flight_ && now.mono >= next_canary_));
  }

  /// Returns whether this node polls the canary of the pause. Valid only while paused.
  bool may_ask() const { return reason_ && fleet_.allows_canary(*reason_); }

  /// Returns when a poll may start as far as the account is concerned, or nothing while that
  /// depends on the answer of the canary.
  std::optional<Mono> next() const {
    if (is_open()) return held_until_;
    if (canary_in_flight_ || !may_ask()) return std::nullopt;
    return next_canary();
  }

  /// Stops all polls for the time of Retry-After, if there is one: paused or not, at most
  /// limits::kRetryAfterCap. A shorter one never shortens it.
  void hold(Now now, std::optional<Duration> retry_after);

  /// Records the start of a poll. While paused, the poll is the canary.
  void spend() { canary_in_flight_ = !is_open(); }

  /// Records an answer that blames the account. Returns true if this began a pause.
  bool trouble(Now now, PauseReason reason, const FailedPoll& poll);

  /// Records a failure of the server or of the network. Returns true if it tripped the circuit
  /// breaker.
  bool failure(Now now, const FailedPoll& poll);

  /// Records an answer that only a healthy account gets. Returns true if it ended a pause. Only the
  /// answer of the canary does so, since other polls may have started before the pause.
  bool good_answer(Now now, bool by_canary);

  /// Returns whether other polls are answered well, so that trouble concerns one handshake.
  bool is_answered(Mono now) const { return is_open() && run_.is_answered(now); }

  /// Lets the next canary start at once, if none is in flight and Retry-After allows it.
  void ask_at_once(Now now) {
    next_canary_ = std::min(next_canary_, now.mono);
    canaries_ = 0;
    is_second_next_ = false;
  }

  /// Discards the answer of the canary, whose handshake was lost: it shows nothing about the
  /// account.
  void canary_lost() { canary_in_flight_ = false; }

  /// The effect of a change of the pause that the nodes of a fleet share.
  enum class Shared : std::uint8_t {
    unchanged,  ///< Nothing that an operator must know.
    foreign,    ///< Another node polls the canary from now on.
    taken_up,   ///< This node polls the canary from now on, in the place of another one.
    over,       ///< The pause of another node has ended.
  };
  /// Notes the pause that the fleet has; nothing: there is none.
  Shared share(Now now, std::optional<SharedPause> pause);

  /// Returns the reason for which the fleet must be paused, as far as this node knows: that of its
  /// own pause, or of the one that another node has begun, which may die.
  std::optional<PauseReason> reason_to_share() const;

  const FleetPause& fleet() const { return fleet_; }

 private:
  bool begin(Now now, PauseReason reason);
  void drop_shared();
  void canary_failed(Now now, bool is_evidence);
  Duration canary_delay(Now now) const;

  std::optional<PauseReason> reason_;
  Wall since_{};
  Mono next_canary_ = Mono::min();  // Without Retry-After.
  Mono held_until_ = Mono::min();
  std::uint32_t canaries_ = 0;   // Pairs that failed.
  bool is_second_next_ = false;  // The next canary is the second of its pair.
  bool canary_in_flight_ = false;
  std::uint32_t failures_in_a_row_ = 0;
  std::uint32_t lost_canaries_ = 0;  // In a row, without an answer of Attestr.
  FleetPause fleet_;
  FailureRun run_;
};

}  // namespace attestrd
