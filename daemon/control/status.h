#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace attestrd {

/// How the daemon is. No ids, no personal data: everybody who may ask sees all of it.
struct StatusReport {
  /// Handshakes by state.
  struct Handshakes {
    std::uint64_t pending = 0;    ///< All that are to be polled.
    std::uint64_t in_flight = 0;  ///< Those of them whose poll is under way.
    std::uint64_t settling = 0;   ///< Ended; their records are being written.
  };

  /// Since the start of the daemon.
  struct Totals {
    std::uint64_t polls = 0;
    std::uint64_t completed = 0;
    std::uint64_t archived = 0;
    std::uint64_t failed = 0;
    std::uint64_t rejected = 0;
    std::uint64_t refused = 0;  ///< Files and lines of the inbox.
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

  /// What only a daemon that runs has.
  struct Daemon {
    int pid = 0;
    Wall started_at{};
    Totals totals;
    std::optional<Wall> next_due;
    std::optional<Wall> last_successful_poll;
    std::optional<Pause> pause;
    std::optional<Requests> requests_today;
    bool disk_full = false;
  };

  Wall now{};  ///< When this was so.
  Handshakes handshakes;
  std::optional<Wall> oldest_pending;  ///< When it was submitted.
  std::optional<Daemon> daemon;        ///< Nothing: none runs, and the queue file was read.
};

/// For programs: one JSON object and a line feed.
std::string status_json(const StatusReport& report);

/// For people.
std::string status_text(const StatusReport& report);

/// For Prometheus: the text format, version 0.0.4. The daemon runs.
std::string status_metrics(const StatusReport& report);

}  // namespace attestrd
