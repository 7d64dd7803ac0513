#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "crypto/fingerprint.h"
#include "files/files.h"
#include "handshake/finish.h"
#include "ledger/round.h"
#include "log/notice.h"

namespace attestrd {

class Queue;
class Spool;
enum class RecordSync : std::uint8_t;

/// Records on their way into staging/: step 1 of publication (see ledger.cpp), and the records of
/// the next round that are written ahead while the disk syncs those of this one.
///
/// A record that was written ahead is not synced, and its row is still in `polling`.
class Staging {
 public:
  Staging(Queue& queue, Spool& spool, RoundBounds bounds)
      : queue_(queue), spool_(spool), bounds_(bounds) {}

  /// Writes the records of `finishes` and syncs them; those that were written ahead come first
  /// among them. While the disk syncs, records of `next` are written ahead. Returns one entry for
  /// each finish; nothing where no row in `polling` waits for it, or an earlier finish of the round
  /// has its id. After an error, or when the commit did not happen, drop() undoes it.
  Result<std::vector<std::optional<Fingerprint>>> write(const std::vector<Finish>& finishes,
                                                        const std::vector<Finish>& next,
                                                        std::vector<Notice>& notices);

  /// For Spool::sync_moves(): writes ahead what write() would, one record a call.
  Meanwhile writing_ahead(const std::vector<Finish>& next);

  /// The rows of the last write() are committed: its records stay.
  void keep() { written_.clear(); }

  /// Removes the records of the last write(), and all that were written ahead. A record that can't
  /// be removed is dropped when its handshake is staged again, or at recovery.
  void drop();

  /// Removes what was written ahead, so that there is room for records that have rows.
  void drop_ahead();

  /// What writing ahead met. It ends the process once the round is published.
  const Result<void>& trouble() const { return trouble_; }

  /// While the disk is nearly full, room is for the round alone: nothing is written ahead.
  void spare_room(bool is_scarce) { is_room_scarce_ = is_scarce; }

 private:
  struct Record {
    HandshakeId id;
    Fingerprint fingerprint;
  };
  class Ahead;

  Result<Fingerprint> write_one(const Finish& finish, const QueuedHandshake& row, RecordSync how,
                                std::vector<Notice>& notices);
  Result<bool> write_ahead(const Finish& finish, const QueuedHandshake& row);

  Queue& queue_;
  Spool& spool_;
  const RoundBounds bounds_;
  std::vector<HandshakeId> written_;  ///< Records of this round, not kept yet.
  std::vector<Record> ahead_;         ///< Of the first finishes of the next round.
  Result<void> trouble_;
  bool is_room_scarce_ = false;
};

}  // namespace attestrd
