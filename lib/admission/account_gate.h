#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace attestrd {

/// Why everybody waits.
enum class PauseReason : std::uint8_t {
  unauthorized,   ///< 401: the auth token.
  forbidden,      ///< 403: service or client address.
  low_credits,    ///< 400/4005.
  wrong_version,  ///< 400/40051.
  rate_limited,   ///< 429.
  daily_limit,    ///< 429/4293.
  certificate,    ///< The server is not the one that we trust.
  upstream_down,  ///< Too many failures in a row, of whichever handshakes: the circuit breaker.
};

std::string_view name_of(PauseReason reason);

/// The third clock: the account's. While it is paused nobody polls but one canary at a time; what
/// is wrong with the account fails no handshake. Also the circuit breaker, which is nothing but
/// one more reason to pause.
class AccountGate {
 public:
  bool is_open() const { return !reason_; }
  std::optional<PauseReason> reason() const { return reason_; }
  Wall paused_since() const { return since_; }
  /// When the next canary may go; meaningless while open.
  Mono next_canary() const { return next_canary_; }
  bool has_canary() const { return canary_in_flight_; }

  /// May one more poll go out now, as far as the account is concerned?
  bool allows(Now now) const {
    return is_open() || (!canary_in_flight_ && now.mono >= next_canary_);
  }

  /// A poll goes out: while paused, it is the canary.
  void spend() { canary_in_flight_ = !is_open(); }

  /// Trouble of the account. `retry_after` raises the time of the next canary, capped at an hour,
  /// and never lowers it. Returns true when this opened a pause.
  bool trouble(Now now, PauseReason reason, std::optional<Duration> retry_after, bool by_canary);

  /// A failure that is nobody's in particular; `retry_after` as above, of the canary and of the one
  /// that breaks the circuit. Returns true when it is the one that broke the
  /// circuit.
  bool failure(Now now, std::optional<Duration> retry_after, bool by_canary);

  /// An answer that only a healthy account gets. Returns true when it ended a pause: only the
  /// canary's does, since others may have been under way since before it.
  bool good_answer(bool by_canary);

  /// The canary's poll came to nothing that says good or bad (its handshake was taken away).
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
