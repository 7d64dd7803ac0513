#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace attestrd {

/// The reason of a pause of the account, in which no handshake is polled except a canary.
enum class PauseReason : std::uint8_t {
  unauthorized,   ///< 401: the auth token is refused.
  forbidden,      ///< 403: the service or the client address is refused.
  low_credits,    ///< 400/4005.
  wrong_version,  ///< 400/40051.
  rate_limited,   ///< 429, although the effective rate is at its floor.
  daily_limit,    ///< 429/4293.
  certificate,    ///< The server's certificate is not one that we trust.
  upstream_down,  ///< The circuit breaker: too many consecutive failures, over all handshakes.
};

std::string_view name_of(PauseReason reason);

/// The pause of the account: the third clock of a handshake. While the account is paused, only one
/// canary at a time is polled, and trouble of the account fails no handshake. The circuit breaker
/// is one more reason to pause.
class AccountGate {
 public:
  bool is_open() const { return !reason_; }
  std::optional<PauseReason> reason() const { return reason_; }
  Wall paused_since() const { return since_; }
  /// Returns when the next canary may start. Valid only while paused.
  Mono next_canary() const { return std::max(next_canary_, held_until_); }
  /// Returns the end of the longest Retry-After: no poll starts before.
  Mono held_until() const { return held_until_; }
  bool has_canary() const { return canary_in_flight_; }

  /// Returns whether one more poll may start now, as far as the account is concerned.
  bool allows(Now now) const {
    return now.mono >= held_until_ &&
           (is_open() || (!canary_in_flight_ && now.mono >= next_canary_));
  }

  /// Returns when a poll may start as far as the account is concerned, or nothing while that
  /// depends on the answer of the canary.
  std::optional<Mono> next() const {
    if (canary_in_flight_) return std::nullopt;
    return is_open() ? held_until_ : next_canary();
  }

  /// Stops all polls for the time of Retry-After, if there is one: paused or not, at most
  /// limits::kRetryAfterCap. A shorter one never shortens it.
  void hold(Now now, std::optional<Duration> retry_after);

  /// Records the start of a poll. While paused, the poll is the canary.
  void spend() { canary_in_flight_ = !is_open(); }

  /// Records trouble of the account. Returns true if this began a pause.
  bool trouble(Now now, PauseReason reason, bool by_canary);

  /// Records a failure of the server or of the network. Returns true if it tripped the circuit
  /// breaker.
  bool failure(Now now, bool by_canary);

  /// Records an answer that only a healthy account gets. Returns true if it ended a pause. Only the
  /// answer of the canary does so, since other polls may have started before the pause.
  bool good_answer(bool by_canary);

  /// Lets the next canary start at once, if none is in flight and Retry-After allows it.
  void ask_at_once(Now now) {
    next_canary_ = std::min(next_canary_, now.mono);
    canaries_ = 0;
  }

  /// Discards the answer of the canary, whose handshake was lost: it shows nothing about the
  /// account.
  void canary_lost() { canary_in_flight_ = false; }

 private:
  Duration canary_delay(Now now) const;

  std::optional<PauseReason> reason_;
  Wall since_{};
  Mono next_canary_ = Mono::min();  // Without Retry-After.
  Mono held_until_ = Mono::min();
  std::uint32_t canaries_ = 0;
  bool canary_in_flight_ = false;
  std::uint32_t failures_in_a_row_ = 0;
};

}  // namespace attestrd
