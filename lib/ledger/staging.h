#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "crypto/fingerprint.h"
#include "files/files.h"
#include "handshake/finish.h"
#include "ledger/round.h"
#include "log/notice.h"

namespace attestrd {

class Queue;
class Sealer;
class Spool;
struct SignedResult;
enum class RecordSync : std::uint8_t;

/// The writer of records to staging/: step 1 of publication (see ledger.cpp). It also writes ahead
/// the records of the next round while the disk syncs those of this one.
///
/// A record that was written ahead is not synced, and its row is still in `polling`.
///
/// Before a record is written, judge_repeat() decides how its handshake ends. The signature counts
/// as that of another handshake if the queue has it, or a record before that is on its way.
class Staging {
 public:
  /// A record in staging/.
  struct Record {
    HandshakeId id;
    Fingerprint fingerprint;
    std::uint32_t attempt = 0;  ///< Of its row.
  };

  Staging(Queue& queue, Spool& spool, RoundBounds bounds)
      : queue_(queue), spool_(spool), bounds_(bounds), repeats_(bounds.repeats) {}

  /// Changes the rule for repeats. It holds for all records that are written from now on.
  void set_repeats(RepeatPolicy policy) { repeats_ = policy; }
  RepeatPolicy repeats() const { return repeats_; }

  /// Changes the encryption of answers in all records that are written from now on. Null: none.
  void set_sealer(std::shared_ptr<const Sealer> sealer);
  const Sealer* sealer() const { return sealer_.get(); }

  /// Writes the records of `finishes` and syncs them. The finishes whose records were written ahead
  /// must come first. While the disk syncs, records of `next` are written ahead. Returns one entry
  /// for each finish, empty if the finish has no row in `polling` or if an earlier finish of the
  /// round has the same id. After an error, or if the commit does not happen, drop() undoes it.
  /// `readmitted` are the results of rejected records that the same round publishes.
  Result<std::vector<std::optional<Record>>> write(std::span<Finish> finishes,
                                                   std::span<const SignedResult> readmitted,
                                                   std::span<Finish> next,
                                                   std::vector<Notice>& notices);

  /// Returns the work for Spool::sync_moves() to do during its syncs: it writes records of `next`
  /// ahead, one in each call, as write() does.
  Meanwhile writing_ahead(std::span<Finish> next);

  /// Keeps the records of the last write(), whose rows are committed now.
  void keep() { written_.clear(); }

  /// Removes the records of the last write() and all that were written ahead. A record that can't
  /// be removed is dropped when its handshake is staged again, or at recovery.
  void drop();

  /// Removes the records that were written ahead, to free disk space for the records of this round.
  void drop_ahead();

  /// The error of writing ahead, if there was one. It ends the process once the round is published.
  const Result<void>& trouble() const { return trouble_; }

  /// Stops writing ahead while the disk is nearly full, so that only the round uses its space.
  void spare_room(bool is_scarce) { is_room_scarce_ = is_scarce; }

 private:
  class Ahead;

  void judge(Finish& finish, bool is_in_queue);
  void note_signature(const Finish& finish);
  Result<Record> write_one(const Finish& finish, const QueuedHandshake& row, RecordSync how,
                           std::vector<Notice>& notices);
  Result<bool> write_ahead(const Finish& finish, const QueuedHandshake& row);

  Queue& queue_;
  Spool& spool_;
  const RoundBounds bounds_;
  std::vector<HandshakeId> written_;  ///< The records of this round that keep() has not kept yet.
  std::vector<Record> ahead_;         ///< The records of the first finishes of the next round.
  RepeatPolicy repeats_;
  std::shared_ptr<const Sealer> sealer_;
  /// The signatures of this round's records and of those written ahead: the queue may not have them
  /// yet.
  std::map<SignaturePrefix, HandshakeId> signatures_;
  Result<void> trouble_;
  bool is_room_scarce_ = false;
};

}  // namespace attestrd
