#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/limits.h"
#include "base/time.h"
#include "handshake/finish.h"
#include "schedule/cadence.h"
#include "schedule/poll_timing.h"

namespace attestrd {

/// The settings that decisions depend on. Those of the configuration file have the same names
/// there.
struct EngineSettings {
  CadenceKind cadence = CadenceKind::adaptive;
  double requests_per_second = 20;
  std::uint32_t daily_requests = 0;
  std::uint32_t connections = 32;
  double polls_per_handshake = 0;  ///< The target of `adaptive` instead of the rate; 0: the rate.
  Duration target_delay{0};        ///< 0: none.
  Duration min_interval = std::chrono::seconds(2);
  Duration max_interval = std::chrono::minutes(30);
  Duration hinted_max_interval{0};  ///< `hints.max_interval`
  double backoff_factor = 1.6;
  Duration give_up_after = std::chrono::hours(25);
  Duration expiry_grace = std::chrono::minutes(10);
  Duration unknown_grace = std::chrono::minutes(10);
  Duration witness_time = std::chrono::minutes(5);
  Wall earliest_clock{};  ///< An earlier wall clock is not believed: the release's date.
  std::uint32_t signature_attempts = 3;
  std::optional<SigningForm> signing_form;  ///< The one that `signature.form` names; none: `auto`.
  std::size_t answer_memory_bytes = std::size_t{256} << 20;
  std::size_t verified_at_once_bytes = limits::kVerifiedAtOnceBytes;  ///< Of a whole answer.
  bool logs_polls = false;  ///< Log one debug notice for each answer.
  std::string host;         ///< The host of Attestr, for notices.
};

/// Returns the settings that decide when a handshake is polled.
inline PollTimingSettings timing_settings(const EngineSettings& settings) {
  return {.cadence = settings.cadence,
          .requests_per_second = settings.requests_per_second,
          .polls_per_handshake = settings.polls_per_handshake,
          .target_delay = settings.target_delay,
          .min_interval = settings.min_interval,
          .max_interval = settings.max_interval,
          .hinted_max_interval = settings.hinted_max_interval,
          .backoff_factor = settings.backoff_factor,
          .give_up_after = settings.give_up_after};
}

}  // namespace attestrd
