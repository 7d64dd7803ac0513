#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/account_day.h"
#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake.h"
#include "handshake/known_handshake.h"
#include "handshake/row_change.h"
#include "queue/queue_batch.h"
#include "schedule/hazard.h"

namespace attestrd {

/// Rows that this owner is to poll, and the fence under which it may change them.
struct Claim {
  Fence fence;
  std::vector<QueuedHandshake> rows;
};

/// How many rows the queue holds in each state.
struct QueueCounts {
  std::uint64_t polling = 0;
  std::uint64_t staged = 0;
  std::uint64_t ended = 0;
  std::optional<Wall> oldest_pending;  ///< When the first of those in `polling` was submitted.
};

/// The durable rows of handshakes, for one owner (`sqlite_queue`) or for many that share one store.
/// Times are kept in milliseconds. One thread at a time may use it.
///
/// A row in `polling` has one owner, who polls it and may change it under its fence. A row that is
/// staged belongs to the spool that holds its record, and only the node of that spool can publish
/// it: time never takes it away, and neither do fences.
///
/// Errors: `disk_full` changed nothing, and may be tried again. `unavailable`: the queue can't be
/// reached, or did not answer in time. After a write() nobody knows then whether the batch holds:
/// the same batch must be written again until there is an answer. Any other error is final.
class Queue {
 public:
  virtual ~Queue() = default;

  /// Rows in `polling` that this owner has not been given yet, at most `max_rows` of them; none:
  /// it has been given all. One owner alone is given every row once, in the order of ids. Among
  /// many, a later call may return rows that another owner has lost. Rows that write() inserts are
  /// not among them, if the first write() with submissions comes after the last page.
  virtual Result<Claim> claim(std::size_t max_rows) = 0;

  /// Asks for the ownership to go on. Returns the ids that another owner has now: they must not be
  /// polled any more.
  virtual Result<std::vector<HandshakeId>> renew() = 0;

  /// Makes a batch durable, all of it or nothing. Writing it again, after an answer was lost, leads
  /// to the same rows as writing it once: a row that is staged with the same record, or done with
  /// the same outcome, counts as `applied`. What the first try inserted is merged by the second. A
  /// purge is not among this: a second try purges more, and an id whose tombstone the first try
  /// purged is a new one to the second. Under an old fence, changes of rows in `polling` are
  /// `not_ours`, and nothing is reserved or learnt; a queue with one owner for ever need not
  /// compare fences. Also checks that the store is still in its place; an empty batch does nothing
  /// else.
  virtual Result<QueueBatchResult> write(const QueueBatch& batch, Wall now) = 0;

  /// The staged rows whose records are in the spool of this node.
  virtual Result<std::vector<StagedHandshake>> staged() = 0;

  /// One entry for each id: its row, if it is in `polling` and this owner's.
  virtual Result<std::vector<std::optional<QueuedHandshake>>> find_polling(
      std::span<const HandshakeId> ids) = 0;

  /// Whoever owns it.
  virtual Result<KnownHandshake> find(const HandshakeId& id) = 0;

  /// Of all owners. Walks all rows.
  virtual Result<QueueCounts> count() = 0;

  /// What all owners have learnt of when handshakes end; nothing: no owner has yet.
  virtual Result<std::optional<Hazard>> learnt() = 0;

  /// What this owner has reserved last; nothing: never anything.
  virtual Result<std::optional<DayRequests>> reserved() = 0;
};

}  // namespace attestrd
