#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/account_day.h"
#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake.h"
#include "handshake/known_handshake.h"
#include "handshake/row_change.h"
#include "queue/operator_pause.h"
#include "queue/queue_batch.h"
#include "schedule/hazard.h"

namespace attestrd {

/// The rows that this owner is to poll, and the fence under which it may change them.
struct Claim {
  Fence fence;
  std::vector<QueuedHandshake> rows;
};

/// The result of a handshake, by its signature.
struct SignedResult {
  HandshakeId id;
  SignaturePrefix signature{};
};

/// A query of handshakes that have ended and were published, one page of those with a tag.
struct EndedQuery {
  std::string tag;    ///< Of their submissions; not empty.
  std::string after;  ///< Only ids that are greater; empty: the first page.
  std::size_t max_ids = 0;
};

/// The number of rows in each state.
struct QueueCounts {
  std::uint64_t polling = 0;
  std::uint64_t staged = 0;
  std::uint64_t ended = 0;
  std::optional<Wall> oldest_pending;  ///< The earliest submission of a row in `polling`.
};

/// The interface to the durable rows of handshakes, for one owner (`sqlite_queue`) or for many that
/// share one store. Times are kept in milliseconds. One thread at a time may use it.
///
/// The time of a submission is that of the wall clock at the write, and moves with the shift of its
/// boot's clock: a row that is read has the time that is right by all that is known by then.
///
/// A row in `polling` has one owner, which polls it and may change it under its fence. A staged row
/// belongs to the spool that holds its record, and only the node of that spool can publish it: this
/// ownership never expires, and no fence ends it.
///
/// Errors: after `disk_full` nothing was changed, and the call may be tried again. `unavailable`:
/// the queue can't be reached or did not answer in time. After a write() it is then unknown whether
/// the batch was committed: the same batch must be written again until the queue answers. Any other
/// error is final.
class Queue {
 public:
  virtual ~Queue() = default;

  /// Returns at most `max_rows` rows in `polling` that this owner has not been given yet, or none
  /// if it has been given all. A sole owner is given every row once, in the order of ids. Among
  /// several owners a later call may return rows that another owner has lost. Rows that write()
  /// inserts are not returned, provided that the first write() with submissions comes after the
  /// last page.
  virtual Result<Claim> claim(std::size_t max_rows) = 0;

  /// Renews the ownership of the claimed rows. Returns the ids whose rows another owner has now:
  /// they must not be polled any more.
  virtual Result<std::vector<HandshakeId>> renew() = 0;

  /// Makes all of a batch durable, or nothing of it. A batch that is written again after a lost
  /// answer leads to the same rows as one write: a row that is staged with the same record, done
  /// with the same outcome or reopened for the same attempt counts as `applied`, and a row that
  /// the first try inserted is merged by the second. The purge is an exception: a second try
  /// purges more, and accepts an id as new if the first try purged its tombstone. Under an old
  /// fence, changes of rows in `polling` are `not_ours`, and nothing is reserved or learnt; a
  /// queue that only ever has one owner need not compare fences. Also checks that the store is
  /// still in its place; an empty batch does nothing else.
  virtual Result<QueueBatchResult> write(const QueueBatch& batch, Wall now) = 0;

  /// Returns the staged rows whose records are in the spool of this node.
  virtual Result<std::vector<StagedHandshake>> staged() = 0;

  /// Returns one entry for each id: its row if it is in `polling` and belongs to this owner, else
  /// nothing.
  virtual Result<std::vector<std::optional<QueuedHandshake>>> find_polling(
      std::span<const HandshakeId> ids) = 0;

  /// Returns the state of an id, whichever owner has its row.
  virtual Result<KnownHandshake> find(const HandshakeId& id) = 0;

  /// Returns one entry for each result: another handshake whose row or tombstone has the same
  /// signature, whichever owner has its row, or nothing if there is none.
  virtual Result<std::vector<std::optional<HandshakeId>>> find_by_signature(
      std::span<const SignedResult> results) = 0;

  /// Returns the ids of a page of tombstones, in the order of ids, whichever owner had their rows.
  virtual Result<std::vector<HandshakeId>> find_ended(const EndedQuery& query) = 0;

  /// Counts the rows of all owners. Reads all rows.
  virtual Result<QueueCounts> count() = 0;

  /// Returns the clocks of the boots of this machine, in the order of their numbers.
  virtual Result<std::vector<BootClock>> clocks() = 0;

  /// Returns the hazard that all owners have learnt, or nothing if no owner has learnt any yet.
  virtual Result<std::optional<Hazard>> learnt() = 0;

  /// Returns the last reservation of this owner, or nothing if it has never reserved any.
  virtual Result<std::optional<DayRequests>> reserved() = 0;

  /// Returns the pause of all polls, which holds for all owners.
  virtual Result<OperatorPause> operator_pause() = 0;
};

}  // namespace attestrd
