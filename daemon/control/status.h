#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "fleet/fleet_counts.h"
#include "inbox/inbox.h"
#include "metrics/metrics.h"
#include "schedule/delay_aim.h"

namespace attestrd {

/// The state of the daemon and of its queue, without ids and without personal data.
struct StatusReport {
  /// The numbers of handshakes by state.
  struct Handshakes {
    std::uint64_t pending = 0;    ///< All handshakes that still need polls.
    std::uint64_t in_flight = 0;  ///< Pending handshakes with a poll in flight.
    std::uint64_t settling = 0;   ///< Ended handshakes whose records are being written.
    std::uint64_t held = 0;       ///< Pending handshakes that operators hold.
  };

  /// A pause of the account.
  struct Pause {
    std::string reason;
    Wall since{};
    std::optional<Wall> next_canary{};  ///< Absent: another node of the fleet asks.
    std::string node{};                 ///< That one; empty: this one asks.
  };

  /// The requests per second; 0: no limit.
  struct Rate {
    double configured = 0;
    double effective = 0;            ///< The part of them that Attestr allows.
    std::optional<Wall> held_until;  ///< No poll before, as Retry-After demands.
  };

  /// The requests of the current day. Present if there is a daily limit.
  struct Requests {
    std::uint64_t spent = 0;
    std::uint64_t limit = 0;
    std::uint64_t kept = 0;  ///< The part of the limit that is reserved for last polls.
    bool is_spent = false;   ///< True if all polls but last polls wait for the next day.
    Wall next_day{};
  };

  /// The state of a running daemon.
  struct Daemon {
    int pid = 0;
    Wall started_at{};
    Metrics counters;               ///< Totals since process start, and gauges of its parts.
    Duration due_lag{0};            ///< Since the oldest due one became due that is not polled.
    std::optional<Wall> next_poll;  ///< Of all handshakes; absent: only an event can allow one.
    std::optional<Wall> last_successful_poll;
    std::optional<Duration> clock_difference;  ///< Above zero: the server's clock is ahead.
    std::optional<Wall> operator_pause;        ///< Since when an operator has all polls wait.
    std::optional<Pause> pause;
    Rate rate;
    std::optional<MeanDelay> mean_delay;     ///< Absent if the cadence does not learn.
    std::optional<Requests> requests_today;  ///< Nothing: there is no daily limit.
    std::uint64_t spent_today = 0;
    bool signatures_fail = false;  ///< None of the last signatures held.
    bool disk_full = false;
    Duration disk_round{0};  ///< For so long the current round of writes has run.
    bool is_stopping = false;
    bool queue_unavailable = false;
    bool queue_went_back = false;  ///< It has lost commits that are not written again yet.
    bool spool_full = false;       ///< `spool.max_waiting` records in results/ stop the intake.
    bool backlog_full = false;     ///< Results wait for the disk: nothing more is fetched.
    bool config_refused = false;   ///< The last reload was refused: an earlier configuration holds.
    Wall config_accepted_at{};
  };

  Wall now{};  ///< The time of the report.
  Handshakes handshakes;
  std::optional<Wall> oldest_pending;  ///< The submission time of the oldest one.
  std::optional<InboxFiles> inbox;     ///< Absent if the inbox was not read.
  std::optional<Wall> stored_pause;    ///< See Daemon::operator_pause; only where none runs.
  std::optional<Daemon> daemon;        ///< Absent if none runs; the queue was read.
  std::optional<FleetCounts> fleet{};  ///< Absent: the queue is one daemon's alone.
};

/// Returns the expected mean delay, its target and what keeps it above that; an empty text if there
/// is neither a target nor an expectation.
std::string mean_delay_words(const MeanDelay& delay, const StatusReport::Rate& rate);

/// Returns the report for programs: one JSON object and a line feed.
std::string status_json(const StatusReport& report);

/// Returns the report for people.
std::string status_text(const StatusReport& report);

}  // namespace attestrd
