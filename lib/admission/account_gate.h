#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace attestrd {

/// Why the account pauses, so that no handshake is polled.
enum class PauseReason : std::uint8_t {
  unauthorized,   ///< 401: the auth token.
  forbidden,      ///< 403: service or client address.
  low_credits,    ///< 400/4005.
  wrong_version,  ///< 400/40051.
  rate_limited,   ///< 429.
  daily_limit,    ///< 429/4293.
  certificate,    ///< The server's certificate is not one that we trust.
  upstream_down,  ///< Too many failures in a row, of any handshakes: the circuit breaker.
};

std::string_view name_of(PauseReason reason);

/// The pause of the account: the third clock of a handshake. While the account is paused only one
/// canary at a time is polled, and trouble of the account fails no handshake. The circuit breaker
/// is one more reason to pause.
class AccountGate {
 public:
  bool is_open() const { return !reason_; }
  std::optional<PauseReason> reason() const { return reason_; }
  Wall paused_since() const { return since_; }
  /// When the next canary may start. Only while paused.
  Mono next_canary() const { return next_canary_; }
  bool has_canary() const { return canary_in_flight_; }

  /// One more poll may start now, as far as the account is concerned.
  bool allows(Now now) const {
    return is_open() || (!canary_in_flight_ && now.mono >= next_canary_);
  }

  /// A poll starts. While paused, it is the canary.
  void spend() { canary_in_flight_ = !is_open(); }

  /// Trouble of the account. `retry_after` raises the time of the next canary, capped at
  /// limits::kRetryAfterCap, and never lowers it. Returns true when this began a pause.
  bool trouble(Now now, PauseReason reason, std::optional<Duration> retry_after, bool by_canary);

  /// A failure of the server or of the network. `retry_after` as above, if the failure is that of
  /// the canary or the one that breaks the circuit. Returns true when it broke the circuit.
  bool failure(Now now, std::optional<Duration> retry_after, bool by_canary);

  /// An answer that only a healthy account gets. Returns true when it ended a pause. Only the
  /// canary's answer does, since other polls may have started before the pause.
  bool good_answer(bool by_canary);

  /// The canary's answer says nothing of the account, since its handshake was lost.
  void canary_lost() { canary_in_flight_ = false; }

 private:
  Duration canary_delay(Now now) const;

  std::optional<PauseReason> reason_;
  Wall since_{};
  Mono next_canary_ = Mono::min();
  std::uint32_t canaries_ = 0;
  bool canary_in_flight_ = false;
  std::uint32_t failures_in_a_row_ = 0;
};

}  // namespace attestrd
