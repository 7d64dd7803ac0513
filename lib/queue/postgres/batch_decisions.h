#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "handshake/handshake.h"
#include "handshake/row_change.h"
#include "queue/queue_batch.h"

namespace attestrd {

enum class RowState : std::uint8_t { polling, staged, done };

/// A row of a queue that several owners share, as one of them has read it, with the changes that a
/// batch made to it in memory.
struct SharedRow {
  QueuedHandshake handshake;
  RowState state = RowState::polling;
  std::int64_t shelf = 0;
  std::int64_t revision = 0;     ///< As it was read.
  bool is_ours = false;          ///< This owner has its shelf.
  bool is_unclaimed = false;     ///< The owner of its shelf does not know it yet.
  bool is_in_our_spool = false;  ///< Of a staged row: its record is in staging/ of this node.
  /// The end of a row that is staged or done. Its attempt and signature are not used: those beside
  /// it hold in every state.
  std::optional<StagedHandshake> ending{};
  std::optional<SignaturePrefix> signature{};
  std::string diverted_to{};
  bool is_changed = false;   ///< It must be written.
  bool is_taken_up = false;  ///< The time of its submission must be written, too.
  bool is_buried = false;    ///< It became a tombstone.
  bool is_inserted = false;  ///< It was inserted by the batch.
};

/// The changes that a batch makes to the rows of a shared queue. The rows that exist must be added
/// first, then the changes are applied, then the submissions accepted, in their order. The caller
/// writes the rows that have changed, unless another owner has changed one of them meanwhile: then
/// it begins anew.
class BatchDecisions {
 public:
  /// `shelves` are those that this owner has; none if it has lost all. `foreign_shelf` then takes
  /// the rows that it inserts. If `is_fence_ours` is false, no row in `polling` is changed.
  BatchDecisions(std::vector<std::int64_t> shelves, std::int64_t foreign_shelf, bool is_fence_ours)
      : shelves_(std::move(shelves)),
        foreign_shelf_(foreign_shelf),
        is_fence_ours_(is_fence_ours) {}

  void add(SharedRow row);
  bool has(const HandshakeId& id) const { return rows_.contains(id); }

  Applied apply(const RowChange& change);
  /// Accepts a submission. If there is no row with its id, it was inserted by this batch, in the
  /// shelf that shelf_for() names.
  Acceptance accept(const Submission& submission, const QueueBatch& batch, Wall now);

  /// Returns the shelf for a new row. The rows are spread evenly, so that several owners can take
  /// over the shelves of one that has died.
  std::int64_t shelf_for(const HandshakeId& id) const;
  bool has_shelf() const { return !shelves_.empty(); }

  /// Returns the rows that the batch has inserted or changes, with all of their changes.
  std::vector<const SharedRow*> touched() const;

  /// Returns the rows to write, in the order of their ids.
  std::vector<const SharedRow*> changed() const;

 private:
  Applied change(const Progress& progress);
  Applied change(const Stage& stage);
  Applied change(const Unstage& unstage);
  Applied change(const Done& done);
  Applied change(const Reopen& reopen);
  Applied change(const Readmit& readmit);
  Applied change(const SetHeld& hold);
  SharedRow* find(const HandshakeId& id);
  void take_up(SharedRow& row, Wall submitted_at, std::int64_t boot) const;
  static void stage_row(SharedRow& row, const StagedHandshake& staged);
  bool may_change(const SharedRow& row) const { return is_fence_ours_ && row.is_ours; }

  std::vector<std::int64_t> shelves_;
  std::int64_t foreign_shelf_;
  bool is_fence_ours_;
  std::map<HandshakeId, SharedRow> rows_;
};

/// Returns the numbers of the requests that a batch removes, sorted, by the results of its changes.
std::vector<std::int64_t> done_requests(const QueueBatch& batch,
                                        const std::vector<Applied>& changes);

}  // namespace attestrd
