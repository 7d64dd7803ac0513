#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

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
  proxy,          ///< The forward proxy refuses the tunnel to the server.
  upstream_down,  ///< The circuit breaker: too many consecutive failures, over all handshakes.
};

std::string_view name_of(PauseReason reason);
/// Returns the reason of this name, or nothing if there is none.
std::optional<PauseReason> pause_reason_named(std::string_view name);

/// Returns whether Attestr refuses the account for this reason, so that all nodes of a fleet meet
/// it. Other reasons may be those of one machine and its network.
bool is_of_fleet(PauseReason reason);

}  // namespace attestrd
