#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "admission/account_gate.h"
#include "base/time.h"
#include "engine/explanation.h"
#include "engine/list/list_commands.h"
#include "handshake/handshake_id.h"
#include "metrics/metrics.h"
#include "schedule/delay_aim.h"
#include "schedule/learnt_curve.h"

namespace attestrd {

// The commands that an operator or a part of the daemon sends to the engine, and their answers. A
// new command is one struct here or in list/, one handler and one test.

/// The identifier of a command that waits for its answer.
using CommandTicket = std::uint64_t;

/// A query: why is this handshake not polled now, and when will it be polled? The answer is an
/// `std::optional<Explanation>`, which is empty if the engine does not have the handshake.
struct ExplainCommand {
  HandshakeId id;
};

/// A query of counters and gauges. The answer is an `EngineReport`. It takes no walk over the
/// handshakes.
struct ReportCommand {};

/// A command to poll these handshakes as soon as possible. A handshake that waits becomes due at
/// once: it ignores the rest of its cadence, its own backoff (a Retry-After for it included) and
/// `min_interval`. The rate limit, the daily budget, the pause of the account, a full disk and the
/// number of connections apply to it as to any other due handshake. The answer is a
/// `std::vector<Kicked>`, with one entry for each id, in the order of the ids.
struct KickCommand {
  std::vector<HandshakeId> ids;
};

/// A command to end these handshakes: as failed, for the reason `cancelled`. A poll in flight goes
/// on, and its result wins. The event Settled follows for each that ends. The answer is a
/// `std::vector<Cancelled>`, with one entry for each id, in the order of the ids.
struct CancelCommand {
  std::vector<HandshakeId> ids;
};

/// A command to ask with the canary at once, while the account is paused. The delay between
/// canaries begins anew. A Retry-After, the rate limit and the daily budget still apply. The answer
/// is an `AccountKicked`.
struct KickAccountCommand {};

/// A query of the learnt curve of completions, and of the polls that follow from it. The answer is
/// a `LearntCurve`.
struct CurveCommand {};

enum class AccountKicked : std::uint8_t {
  due_now,    ///< The canary asks as soon as the limits allow.
  in_flight,  ///< The canary is asking at this moment.
  /// A Retry-After, an operator's pause, the disk or the daily limit forbids it, or another node of
  /// the fleet asks.
  held,
  not_paused,  ///< Nothing has changed.
};

/// A hint that the result of this handshake may be there, from a source that may be wrong, or
/// repeat itself. A handshake that waits for its result is polled at once, but not before
/// `min_interval` is over. A hint shortens no backoff, and one that comes during a poll holds for
/// the next one. All limits that apply to a kicked handshake apply to it. A hint causes at most one
/// poll. The answer is a `Hinted`.
struct HintCommand {
  HandshakeId id;
};

enum class Hinted : std::uint8_t {
  taken,        ///< The handshake is pending.
  not_pending,  ///< The engine does not have it, or it has ended. Nothing has changed.
};

using EngineCommand =
    std::variant<ExplainCommand, ReportCommand, KickCommand, ListCommand, AgesCommand,
                 CancelCommand, KickAccountCommand, CurveCommand, HintCommand>;

/// The effect of a KickCommand on one id.
enum class Kicked : std::uint8_t {
  due_now,      ///< It was waiting, and is due from now on.
  in_flight,    ///< A poll of it is in flight.
  held,         ///< An operator holds it: it is not polled until its release.
  due_already,  ///< It was due already, and waits for its turn.
  ending,       ///< It has ended; its record is being written.
  not_pending,  ///< The engine does not have it.
};

/// The effect of a CancelCommand on one id.
enum class Cancelled : std::uint8_t {
  cancelled,    ///< It has ended; its record is being written.
  after_poll,   ///< It ends once the poll in flight is answered.
  ending,       ///< It had ended before; its record is being written.
  not_pending,  ///< The engine does not have it.
};

/// Counters and gauges of the engine. Counters are totals since the process started.
struct EngineReport {
  std::uint64_t pending = 0;  ///< Handshakes that wait, are due or are being polled.
  std::uint64_t in_flight = 0;
  std::uint64_t settling = 0;  ///< Ended handshakes whose records are being written.
  Metrics counters;            ///< The counters that the engine increments; see metrics.def.
  std::optional<Wall> last_good_poll_at;
  std::optional<Duration> clock_difference;  ///< Of the server's clock: above zero, it is ahead.
  std::uint64_t held_by_operator = 0;        ///< Handshakes; see HoldChanged.
  std::optional<Wall> operator_pause;        ///< Since when an operator has all polls wait.
  std::optional<PauseReason> paused_for;
  Wall paused_since{};
  std::string paused_by;  ///< The node of the fleet that polls the canary; empty: this one.
  /// Why the whole fleet must be paused, as far as this node knows and can ask whether it is over.
  std::optional<PauseReason> fleet_pause;
  Duration next_canary{0};       ///< From now; only while paused, and this node polls the canary.
  bool signatures_fail = false;  ///< See Witnesses.
  bool is_disk_full = false;
  bool is_queue_unavailable = false;
  bool is_backlog_full = false;   ///< No poll starts until results are on the disk.
  double configured_rate = 0;     ///< Requests per second; 0: no limit.
  double rate = 0;                ///< The part of them that the server allows; 0: no limit.
  std::optional<Duration> held;   ///< From now: no poll before, as Retry-After demands.
  std::uint64_t daily_limit = 0;  ///< 0: no limit.
  std::uint64_t spent_today = 0;
  std::uint64_t kept_today = 0;  ///< Requests of the limit that are kept for last polls.
  bool is_day_spent = false;     ///< All polls except last polls wait for the next day.
  Duration until_next_day{0};
  std::optional<MeanDelay> mean_delay;  ///< Absent if the cadence does not learn.
  std::optional<Duration> oldest_age;   ///< Of the oldest pending one, rounded up to a second.
  Duration due_lag{0};  ///< Since the oldest in ReadyLanes became due; 0: they are empty.
  /// From now: the earliest `Explanation::due` of all. Only limits::kNextPollSearch handshakes are
  /// looked at: if more than these are due first, or are held, or if no requests are left today, it
  /// is the earliest of those, or absent.
  std::optional<Duration> next_poll;
};

using EngineAnswer =
    std::variant<std::optional<Explanation>, EngineReport, std::vector<Kicked>, ListPage, AgesPage,
                 std::vector<Cancelled>, AccountKicked, LearntCurve, Hinted>;

}  // namespace attestrd
