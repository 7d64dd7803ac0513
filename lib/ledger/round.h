#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/account_day.h"
#include "base/limits.h"
#include "base/time.h"
#include "handshake/finish.h"
#include "handshake/handshake.h"
#include "handshake/row_change.h"
#include "log/notice.h"
#include "schedule/hazard.h"

namespace attestrd {

/// All that waits to be written.
struct RoundRequest {
  bool scan_inbox = false;
  std::optional<Duration> purge_older_than;  ///< Tombstones of before that are forgotten.
  std::vector<Finish> finishes;
  std::vector<Progress> progress;
  std::optional<HazardDelta> learnt;
  std::optional<DayRequests> reserve;    ///< So many more requests of a day.
  std::optional<DayRequests> give_back;  ///< So many reserved requests that will not be spent.

  /// Appends what came in later.
  void join(RoundRequest later);

  bool is_empty() const;
};

/// What a round made durable, and what it found out.
struct RoundReport {
  std::vector<QueuedHandshake> accepted;  ///< New rows, and rows merged: the later expiry holds.
  std::vector<HandshakeId> settled;       ///< Their finishes are in the spool, or their rows gone.
  std::vector<HandshakeId> lost;          ///< Another owner has their rows now.
  std::vector<Notice> notices;            ///< What to log, in order.
  bool inbox_has_more = false;            ///< The scan stopped at its bound: ask again at once.
  bool inbox_waits = false;               ///< A file had to stay: ask again later.
  bool inbox_scanned = false;             ///< The request asked for a scan.
  std::optional<DayRequests> granted;     ///< So many more requests of a day may be spent.
};

/// How many records a round may have.
struct RoundBounds {
  std::size_t records = limits::kRecordsPerRound;                  ///< More wait for the next one.
  std::size_t synced_one_by_one = limits::kRecordsSyncedOneByOne;  ///< More are synced together.
};

}  // namespace attestrd
