#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "admission/account_gate.h"
#include "base/time.h"
#include "engine/explanation.h"
#include "handshake/handshake_id.h"
#include "metrics/metrics.h"

namespace attestrd {

// What an operator, or a part of the daemon, can ask of the engine, and what it answers. Another
// command is one struct here, one handler in engine_commands.cpp and one test.

/// Names a command that waits for its answer.
using CommandTicket = std::uint64_t;

/// Why is this handshake not polled now, and when will it be? The answer is an
/// `std::optional<Explanation>`; nothing: the engine does not have it.
struct ExplainCommand {
  HandshakeId id;
};

/// How is the engine? The answer is an `EngineReport`. Finding `oldest_submitted_at` is a walk over
/// all pending handshakes, a few milliseconds a million.
struct ReportCommand {
  bool with_oldest = true;
};

/// Polls these handshakes as soon as may be. One that waits becomes due at once: it ignores the
/// rest of its cadence, its own backoff (a Retry-After for it included) and `min_interval`. The
/// rate limit, the daily budget, the account's pause, a full disk and the number of connections
/// hold for it as for any other that is due. The answer is a `std::vector<Kicked>`, one for each id
/// in their order.
struct KickCommand {
  std::vector<HandshakeId> ids;
};

using EngineCommand = std::variant<ExplainCommand, ReportCommand, KickCommand>;

/// What a KickCommand did for one id.
enum class Kicked : std::uint8_t {
  due_now,      ///< It waited, and is due from now on.
  in_flight,    ///< Its poll is under way.
  due_already,  ///< It was due, and waits for its turn.
  ending,       ///< It has ended; its record is being written.
  not_pending,  ///< The engine does not have it.
};

/// Counters and gauges of the engine. Counters are totals since the process started.
struct EngineReport {
  std::uint64_t pending = 0;  ///< Waiting, due or polled at this moment.
  std::uint64_t in_flight = 0;
  std::uint64_t settling = 0;        ///< Ended; their records are being written.
  Metrics counters;                  ///< What the engine counts; see metrics.def.
  std::optional<Duration> next_due;  ///< From now; zero: some are due already.
  std::optional<Wall> last_good_poll_at;
  std::optional<PauseReason> paused_for;
  Wall paused_since{};
  Duration next_canary{0};  ///< From now; only while paused.
  bool is_disk_full = false;
  bool is_queue_unavailable = false;
  std::uint64_t daily_limit = 0;  ///< 0: none.
  std::uint64_t spent_today = 0;
  std::uint64_t kept_today = 0;  ///< Of the limit, for last polls.
  bool is_day_spent = false;     ///< All but last polls wait for the next day.
  Duration until_next_day{0};
  /// Of all that are pending. Only in the answer to a ReportCommand that asks for it.
  std::optional<Wall> oldest_submitted_at;
};

using EngineAnswer = std::variant<std::optional<Explanation>, EngineReport, std::vector<Kicked>>;

}  // namespace attestrd
