#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "base/account_day.h"
#include "base/result.h"
#include "base/time.h"
#include "handshake/finish.h"
#include "handshake/handshake.h"
#include "handshake/known_handshake.h"
#include "ledger/intake.h"
#include "ledger/round.h"
#include "ledger/staging.h"
#include "log/notice.h"
#include "queue/queue_batch.h"

namespace attestrd {

class Inbox;
class Queue;
class Spool;

/// Writes down what happened, in the one order that loses nothing and publishes nothing twice: the
/// intake and the publication protocol (see ledger.cpp), joined so that what waits goes into one
/// batch. Knows inbox, queue and spool by their interfaces alone.
///
/// Once, in this order: recover(), then claim() until it is empty; then rounds.
class Ledger {
 public:
  Ledger(Inbox& inbox, Queue& queue, Spool& spool, RoundBounds bounds = {});

  /// Ends what a crash left half done. Returns what to log.
  Result<std::vector<Notice>> recover(Wall now);

  /// Rows to poll, at most `max_rows`; none: that were all. The rounds that follow change rows
  /// under the fence of the last claim.
  Result<std::vector<QueuedHandshake>> claim(std::size_t max_rows);

  /// One round, one batch. What is done leaves the request: all of it, or a part where it has more
  /// records than a round may have, or the disk no room for all. What stays must come first in the
  /// next request: some of its records may be written already.
  ///
  /// `disk_full`: nothing of it happened, and the same request may be tried again; less of it is
  /// done at once then. `unavailable`: the queue can't be reached, or its answer was lost; the next
  /// round first writes the same batch again, and the request must then begin as it is now. Any
  /// other error is final: the process must end, and recovery decides.
  Result<RoundReport> round(RoundRequest& request, Wall now);

  /// What is known of an id, between rounds.
  Result<KnownHandshake> find(const HandshakeId& id);

  /// Something waits for a next round, even for one with an empty request: `done` marks of the last
  /// round, a record without room in its folder, or a batch that the queue has not answered.
  bool has_unmarked() const { return !unmarked_.empty() || !staged_.empty() || begun_; }

 private:
  static constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

  /// A record that is in staging/ with its row, and what to log once it is published.
  struct Unpublished {
    HandshakeId id;
    Outcome outcome{};
    Notice notice;
  };

  /// A round up to the answer of the queue.
  struct Round {
    RoundRequest part;  ///< Of the request.
    Wall now{};
    QueueBatch batch;                   ///< Its first changes stage rows, the last ones end them.
    std::vector<std::size_t> finishes;  ///< Whose rows the first changes stage.
    RoundReport report;
    bool may_be_written = false;  ///< The answer to the batch was lost.
  };

  Result<void> begin(RoundRequest& request, Wall now);
  RoundRequest take_part(RoundRequest& request) const;
  void give_back(RoundRequest& request);
  void undo(RoundRequest& request);
  Result<void> prepare(Round& round, const std::vector<Finish>& next);
  Result<void> stage(Round& round, const std::vector<Finish>& next);
  std::optional<DayRequests> reservation_after(const RoundRequest& part) const;
  Error not_written(Error error, RoundRequest& request);
  Result<RoundReport> end(Round round, QueueBatchResult written, const std::vector<Finish>& next);
  void note_staged(Round& round, const std::vector<Applied>& changes);
  void note_granted(Round& round, const QueueBatchResult& written);
  Result<void> publish(const std::vector<Finish>& next);

  Queue& queue_;
  Spool& spool_;
  const RoundBounds bounds_;
  Intake intake_;
  Staging staging_;
  Fence fence_;
  std::optional<Round> begun_;
  std::vector<Unpublished> staged_;  ///< By this round, or left by one that found no room.
  std::vector<Done> unmarked_;       ///< Published; their rows still say `staged`.
  RoundReport unreported_;           ///< What no report says yet.
  DayRequests reserved_;             ///< By this owner, as the queue answered last.
  HazardDelta learnt_;               ///< By this owner since the start, as far as it is written.
  std::size_t most_finishes_ = kNoBound;  ///< Of one round. While the disk is full they are few.
};

}  // namespace attestrd
