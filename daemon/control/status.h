#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "metrics/metrics.h"

namespace attestrd {

/// The state of the daemon and of its queue. No ids, no personal data.
struct StatusReport {
  /// Handshakes by state.
  struct Handshakes {
    std::uint64_t pending = 0;    ///< All that are to be polled.
    std::uint64_t in_flight = 0;  ///< Those of them whose poll is under way.
    std::uint64_t settling = 0;   ///< Ended; their records are being written.
  };

  /// The account's pause.
  struct Pause {
    std::string reason;
    Wall since{};
    Wall next_canary{};
  };

  /// Of today, if there is a daily limit.
  struct Requests {
    std::uint64_t spent = 0;
    std::uint64_t limit = 0;
    std::uint64_t kept = 0;  ///< Of the limit, for last polls.
    bool is_spent = false;   ///< All but last polls wait for the next day.
    Wall next_day{};
  };

  /// Known of a daemon that runs.
  struct Daemon {
    int pid = 0;
    Wall started_at{};
    Metrics counters;  ///< All that was counted since the start.
    std::optional<Wall> next_due;
    std::optional<Wall> last_successful_poll;
    std::optional<Pause> pause;
    std::optional<Requests> requests_today;
    bool disk_full = false;
    bool queue_unavailable = false;
  };

  Wall now{};  ///< When the report was made.
  Handshakes handshakes;
  std::optional<Wall> oldest_pending;  ///< When it was submitted.
  std::optional<Daemon> daemon;        ///< Absent: none runs, and the queue file was read.
};

/// For programs: one JSON object and a line feed.
std::string status_json(const StatusReport& report);

/// For people.
std::string status_text(const StatusReport& report);

/// For Prometheus: the text format, version 0.0.4. The daemon runs.
std::string status_metrics(const StatusReport& report);

}  // namespace attestrd
