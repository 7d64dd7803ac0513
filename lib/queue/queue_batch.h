#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/account_day.h"
#include "base/time.h"
#include "handshake/handshake.h"
#include "handshake/row_change.h"
#include "schedule/hazard.h"

namespace attestrd {

/// The generation of one process's ownership of rows, as claim() gave it. A process that lost its
/// rows gets a new one with its next claim, so that a batch of before changes none of them. One
/// value for all rows: it costs no memory a row. The default is older than any claim.
struct Fence {
  std::uint64_t generation = 0;
  bool operator==(const Fence&) const = default;
};

/// Tombstones to forget: those of handshakes that ended before a time, the oldest first.
struct Purge {
  Wall ended_before{};
  std::size_t max_rows = 0;
};

/// All that one round wants written. It is applied in the order of its members.
struct QueueBatch {
  Fence fence;
  std::vector<RowChange> changes;
  std::vector<Submission> submissions;
  /// The requests of a day that this owner wants to have reserved in all, in place of what it had
  /// reserved before. A total of its own, not one of all owners: writing it twice is writing it
  /// once, and no owner overwrites what another has reserved.
  std::optional<DayRequests> reserve;
  /// What this owner has learnt in all since it opened the queue, in place of what earlier batches
  /// said of it. The queue merges it with what was known before and with what other owners learn.
  std::optional<HazardDelta> learnt;
  std::optional<Purge> purge;
};

/// The submission became a row of this owner.
struct InsertedRow {
  QueuedHandshake row;
};

/// This owner had the row already: the later expiry holds, and a tag fills an empty one.
struct MergedRow {
  QueuedHandshake row;
};

/// It was merged into a row that another owner polls, or became one.
struct RowElsewhere {};

/// The handshake is staged, or a tombstone.
struct AlreadyEnded {
  Outcome outcome{};
};

/// What became of a submission.
using Acceptance = std::variant<InsertedRow, MergedRow, RowElsewhere, AlreadyEnded>;

/// What a batch made durable.
struct QueueBatchResult {
  std::vector<Applied> changes;         ///< One for each row change, in their order.
  std::vector<Acceptance> acceptances;  ///< One for each submission, in their order.
  std::optional<DayRequests> reserved;  ///< This owner's total; fewer than it wanted, maybe.
  std::size_t purged = 0;               ///< Tombstones.
};

}  // namespace attestrd
