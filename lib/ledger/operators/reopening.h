#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/known_handshake.h"
#include "handshake/row_change.h"
#include "ledger/round.h"
#include "log/notice.h"
#include "queue/queue_batch.h"

namespace attestrd {

class Queue;
class Sealer;
class Spool;
struct SignedResult;
enum class RecordSync : std::uint8_t;

/// The part of a round that takes up handshakes again that have ended: those of retries are polled
/// anew, and the results of readmissions are published (see ledger.cpp).
///
/// The caller calls decide(), stage() and add_changes(), in this order, before it writes the batch,
/// then finish(), or drop() if there was no batch.
class Reopening {
 public:
  Reopening(Queue& queue, Spool& spool) : queue_(queue), spool_(spool) {}

  /// Decides about each request of the round by the row of its handshake. Those of `marked` have
  /// ended: the batch marks their rows. The engine can hold `room` more handshakes. Marks the
  /// readmissions that are repeats (see repeats.h).
  Result<void> decide(RoundRequest& part, const std::vector<Done>& marked, std::size_t room,
                      RepeatPolicy repeats);

  /// Writes the records of the readmissions to staging/, with answers encrypted by `sealer` unless
  /// it is null, and syncs them. Up to `few` are synced one by one. Where there is no room for
  /// them, the readmissions are refused: people may try again, while what was fetched must be
  /// written.
  Result<void> stage(const std::vector<Readmission>& readmissions, const Sealer* sealer,
                     std::size_t few, std::vector<Notice>& notices);

  /// Returns the signatures of the readmitted results that are nobody's yet.
  std::vector<SignedResult> signatures() const;

  /// Adds the changes to the batch. All that it has already is applied before them.
  void add_changes(QueueBatch& batch, Wall now);

  /// Reports the answers, the reopened rows and the notices, by the result of the batch. Returns
  /// the readmitted rows, whose records are to be published.
  std::vector<StagedHandshake> finish(const RoundRequest& part, const std::vector<Applied>& changes,
                                      RoundReport& report);

  /// Removes the records that stage() has written.
  void drop();

 private:
  /// A request that the batch is to carry out.
  template <class Row>
  struct Chosen {
    std::size_t request = 0;  ///< Its index in the round.
    Row row;                  ///< As the batch makes it.
    std::size_t change = 0;   ///< Its index in the batch.
    Outcome ended{};          ///< How the handshake had ended.
  };

  Result<KnownHandshake> find(const HandshakeId& id, const std::vector<Done>& marked);
  Result<Retried> decide(const Retry& retry, std::size_t request, const std::vector<Done>& marked,
                         std::size_t room);
  Result<Readmitted> decide(RoundRequest& part, std::size_t request, RepeatPolicy repeats);
  Result<bool> is_repeat(const Finish& finish, const std::vector<Finish>& others);
  bool is_taken(const HandshakeId& id) const;
  Result<void> write_records(const std::vector<Readmission>& readmissions, const Sealer* sealer,
                             RecordSync how, std::vector<Notice>& notices);

  Queue& queue_;
  Spool& spool_;
  std::vector<Retried> retried_;        ///< One for each request of the round.
  std::vector<Readmitted> readmitted_;  ///< Likewise.
  std::vector<Chosen<QueuedHandshake>> reopened_;
  std::vector<Chosen<StagedHandshake>> staged_;
};

}  // namespace attestrd
