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
#include "inbox/inbox.h"
#include "ledger/readmission.h"
#include "ledger/repeats.h"
#include "ledger/retry.h"
#include "log/notice.h"
#include "schedule/hazard.h"

namespace attestrd {

/// The changes that wait to be written by a round.
struct RoundRequest {
  std::optional<ScanRequest> scan_inbox;
  /// Purge the tombstones that are older, in running time.
  std::optional<Duration> purge_older_than;
  std::vector<Finish> finishes;
  std::vector<Progress> progress;
  std::optional<HazardDelta> learnt;
  std::optional<DayRequests> reserve;    ///< Additional requests of a day to reserve.
  std::optional<DayRequests> give_back;  ///< Reserved requests of a day that will not be spent.
  std::vector<Retry> retries;
  std::vector<Readmission> readmissions;

  /// Merges a later request into this one.
  void join(RoundRequest later);

  bool is_empty() const;
};

/// The changes that a round made durable, and its findings.
struct RoundReport {
  std::vector<QueuedHandshake> accepted;  ///< New rows, rows merged, and rows reopened.
  std::vector<HandshakeId> settled;       ///< Their records are in the spool, or their rows gone.
  std::vector<HandshakeId> lost;          ///< Another owner has their rows now.
  std::vector<Notice> notices;            ///< To be logged, in this order.
  bool inbox_has_more = false;            ///< The scan stopped at its bound: scan again at once.
  bool inbox_waits = false;               ///< A file may bring further ids.
  std::optional<Duration> inbox_due;      ///< Until a file in the inbox is due.
  bool inbox_scanned = false;             ///< The round scanned all of the inbox.
  std::optional<InboxFiles> inbox_files;  ///< Present if the round scanned the inbox.
  std::optional<Reservation> reserved;    ///< The answer to `RoundRequest::reserve`.
  std::vector<RetryAnswer> retried;
  std::vector<ReadmissionAnswer> readmitted;
};

/// The bounds of a round, and its rule for repeats.
struct RoundBounds {
  std::size_t records = limits::kRecordsPerRound;  ///< More wait for the next round.
  std::size_t synced_one_by_one = limits::kRecordsSyncedOneByOne;  ///< More are synced together.
  std::size_t pending = limits::kPendingHandshakes;  ///< Of all rounds: more wait in the inbox.
  Duration give_up_after = std::chrono::hours(25);   ///< Of handshakes without an expiry.
  RepeatPolicy repeats = RepeatPolicy::reject;       ///< Until set_repeats().
};

}  // namespace attestrd
