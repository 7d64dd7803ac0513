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
#include "queue/boot_clock.h"
#include "queue/operator_pause.h"
#include "schedule/hazard.h"

namespace attestrd {

/// The generation of one process's ownership of rows, as returned by claim(). A process that lost
/// its rows gets a new generation with its next claim, so that an older batch changes none of them.
/// One value for all rows costs no memory per row. The default is older than any claim.
struct Fence {
  std::uint64_t generation = 0;
  bool operator==(const Fence&) const = default;
};

/// The tombstones to remove: those that are from before a running time, the oldest first.
struct Purge {
  Duration ended_before{};
  std::size_t max_rows = 0;
};

/// A request of another node that a batch carries out, or that was carried out before.
struct DoneRequest {
  std::int64_t number = 0;
  /// The index of the change that carries it out. Absent: it was carried out before. If the change
  /// is `not_ours`, the request stays for the owner of the row.
  std::optional<std::size_t> change{};
};

/// All changes that one round writes. They are applied in the order of the members.
struct QueueBatch {
  Fence fence;
  std::vector<BootClock> clocks;  ///< To be stored, in place of those with the same numbers.
  std::int64_t boot = 0;          ///< The boot that the new rows belong to.
  Duration running{0};            ///< The running time, with which new tombstones are stored.
  Duration give_up_after{0};      ///< The life of a handshake without an expiry: see Merge.
  std::vector<RowChange> changes;
  std::vector<Submission> submissions;
  /// The total number of requests of a day that this owner wants reserved, in place of its earlier
  /// reservation. It is a total of this owner, not of all owners: writing it twice has the effect
  /// of one write, and no owner overwrites the reservation of another.
  std::optional<DayRequests> reserve;
  /// All that this owner has learnt since it opened the queue, in place of the deltas in its
  /// earlier batches. The queue merges it with the hazard known before and with the deltas of other
  /// owners.
  std::optional<HazardDelta> learnt;
  std::optional<Purge> purge;
  std::optional<OperatorPause> pause;  ///< In place of the stored one.
  /// To be removed. Only a queue with several owners has requests.
  std::vector<DoneRequest> requests;
};

/// A submission that became a row of this owner.
struct InsertedRow {
  QueuedHandshake row;
};

/// A submission merged into a row that this owner had already: see handshake/merge.h.
struct MergedRow {
  QueuedHandshake row;
  bool is_tag_ignored = false;
  bool is_expiry_bounded = false;
};

/// A submission that became a row of another owner, or was merged into one.
struct RowElsewhere {};

/// A submission of a handshake that is staged or has a tombstone.
struct AlreadyEnded {
  Outcome outcome{};
};

/// The outcome of a submission.
using Acceptance = std::variant<InsertedRow, MergedRow, RowElsewhere, AlreadyEnded>;

/// The effects of a batch, which are durable.
struct QueueBatchResult {
  std::vector<Applied> changes;         ///< One for each row change, in their order.
  std::vector<Acceptance> acceptances;  ///< One for each submission, in their order.
  std::optional<DayRequests> reserved;  ///< This owner's total, possibly less than it wanted.
  std::size_t purged = 0;               ///< The number of tombstones that were removed.
};

}  // namespace attestrd
