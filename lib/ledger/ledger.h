#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/account_day.h"
#include "base/result.h"
#include "base/time.h"
#include "handshake/finish.h"
#include "handshake/handshake.h"
#include "handshake/known_handshake.h"
#include "ledger/capacity.h"
#include "ledger/doubted_answers.h"
#include "ledger/intake.h"
#include "ledger/operators/interventions.h"
#include "ledger/operators/reopening.h"
#include "ledger/round.h"
#include "ledger/staging.h"
#include "ledger/stored_clock.h"
#include "log/notice.h"
#include "queue/queue_batch.h"

namespace attestrd {

class Inbox;
class Queue;
class Sealer;
class Spool;
struct EndedQuery;

/// The intake and the publication protocol (see ledger.cpp), in the one order that loses nothing
/// and publishes nothing twice. All changes that wait go into one batch of the queue. The ledger
/// knows inbox, queue and spool only by their interfaces.
///
/// Call recover() once, then claim() until it returns no rows, then round() as often as needed.
// More than 20 methods: each is a step of a round.
class Ledger {
 public:
  Ledger(Inbox& inbox, Queue& queue, Spool& spool, RoundBounds bounds = {});

  /// Completes the publications that a crash left half done. Returns the notices to log.
  Result<std::vector<Notice>> recover(const Boot& boot, Now now);

  /// Returns whether the wall clock may be wrong since the process before: it jumped, or the
  /// machine was booted. Valid after recover().
  bool is_clock_doubtful() const { return clock_.is_doubtful_at_start(); }

  /// Returns at most `max_rows` rows to poll, or none if all were returned before. Later rounds
  /// change rows under the fence of the last claim.
  Result<std::vector<QueuedHandshake>> claim(std::size_t max_rows);

  /// Returns the answers that processes before have stored for handshakes that this owner polls,
  /// since their results could not be trusted. Call it once, after all rows are claimed.
  Result<std::vector<DoubtedAnswer>> find_doubted();

  /// Runs one round, which writes one batch. Removes the changes that it makes from the request:
  /// all of them, or only a part if the request has more records than a round may have or the disk
  /// has no space for all. The rest must come first in the next request, since some of its records
  /// may be written already.
  ///
  /// `disk_full`: nothing was changed, and the same request may be tried again; the next try does
  /// less of it at once. `unavailable`: the queue can't be reached, or its answer was lost; the
  /// next round first writes the same batch again, and its request must begin with all that the
  /// request holds now. Any other error is final: the process must end, and recovery decides.
  Result<RoundReport> round(RoundRequest& request, Now now);

  /// Returns the state of an id in the queue. Must be called between rounds.
  Result<KnownHandshake> find(const HandshakeId& id);

  /// Returns a page of the ids that have ended and have a tag. Must be called between rounds.
  Result<std::vector<HandshakeId>> find_ended(const EndedQuery& query);

  /// Removes those of these records in a folder that were kept for `keep`, in running time: see
  /// spool/retention.h. Adds to `removed`, also before an error. Must be called between rounds: a
  /// record that a round publishes has a staged row until then, and a new tombstone afterwards.
  /// Must not be called for rejected/ while records are readmitted: until a readmission is
  /// committed, the rejected record may be the only copy of a result.
  Result<void> remove_kept(Outcome folder, std::span<const std::string> names, Duration keep,
                           std::uint64_t& removed);

  /// Changes the rule for repeats, for all records that are written from now on. Must be called
  /// between rounds.
  void set_repeats(RepeatPolicy policy) { staging_.set_repeats(policy); }
  /// Changes the encryption of answers in all records that are written from now on; null: none.
  /// Must be called before the first round, or between rounds.
  void set_sealer(std::shared_ptr<const Sealer> sealer) { staging_.set_sealer(std::move(sealer)); }
  /// Notes the pause of all polls as the queue stores it now: another node has changed it. Must be
  /// called between rounds.
  void recall_pause(const OperatorPause& pause) { interventions_.recall(pause); }
  void set_give_up_after(Duration time) { bounds_.give_up_after = time; }

  /// Returns true if another round is needed even for an empty request: for `done` marks of the
  /// last round, a record for which the disk was full, or a batch that the queue has not answered.
  bool has_unmarked() const { return !unmarked_.empty() || !staged_.empty() || begun_; }

 private:
  static constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

  /// A record in staging/ whose row is staged, and the notices to log once it is published.
  struct Unpublished {
    HandshakeId id;
    Outcome outcome{};
    Notice notice;
    std::optional<Notice> repeat{};  ///< That its result is a repeat.
    std::uint32_t attempt = 0;       ///< See StagedHandshake, also for the next.
    std::string readmitted_from{};
  };

  /// The state of a round until the queue answers to its batch.
  struct Round {
    RoundRequest part;  ///< The part of the request that this round does.
    Now now{};
    QueueBatch batch;  ///< Its first changes stage rows, its last ones mark rows done.
    std::vector<std::size_t> finishes;  ///< Indices of those whose rows the first changes stage.
    RoundReport report;
    bool may_be_written = false;  ///< An answer was lost: the batch may be committed already.
  };

  Result<void> begin(RoundRequest& request, Now now);
  RoundRequest take_part(RoundRequest& request) const;
  void give_back(RoundRequest& request);
  void undo(RoundRequest& request);
  Result<void> prepare(Round& round, std::span<Finish> next);
  Result<void> stage(Round& round, std::span<Finish> next);
  std::optional<DayRequests> reservation_after(const RoundRequest& part) const;
  Error not_written(Error error, RoundRequest& request);
  Result<RoundReport> end(Round round, QueueBatchResult written, std::span<Finish> next);
  void note_staged(Round& round, const std::vector<Applied>& changes);
  void note_unpublished(const StagedHandshake& row);
  void note_reserved(Round& round, const QueueBatchResult& written);
  Result<void> publish(std::span<Finish> next);
  Result<void> publish_one(Unpublished& record);
  Result<void> claim_more(const RoundRequest& part, RoundReport& report);
  void measure(std::vector<QueuedHandshake>& rows) const;

  Queue& queue_;
  Spool& spool_;
  RoundBounds bounds_;
  Intake intake_;
  Staging staging_;
  Reopening reopening_;
  DoubtedAnswers doubted_;
  Interventions interventions_;
  StoredClock clock_;
  Capacity capacity_;
  Fence fence_;
  std::optional<Round> begun_;
  std::vector<Unpublished> staged_;  ///< Staged by this round, or by one that found the disk full.
  std::vector<Done> unmarked_;       ///< Published handshakes whose rows are still `staged`.
  RoundReport unreported_;           ///< Results that no report contains yet.
  DayRequests reserved_;             ///< The total of this owner, as the queue last answered.
  HazardDelta learnt_;  ///< Learnt by this owner since the start, as far as it is written.
  std::size_t most_finishes_ = kNoBound;  ///< The bound for a round: low while the disk is full.
};

}  // namespace attestrd
