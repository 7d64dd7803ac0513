#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/account_day.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "files/files.h"
#include "crypto/fingerprint.h"
#include "handshake/finish.h"
#include "handshake/handshake.h"
#include "handshake/known_handshake.h"
#include "log/notice.h"

namespace attestrd {

class Inbox;
class Queue;
class Spool;
enum class Staging : std::uint8_t;
struct InboxSlice;
struct StagedHandshake;

/// All that waits for the disk.
struct RoundRequest {
  bool scan_inbox = false;
  std::optional<Duration> purge_older_than;  ///< Tombstones of before that are forgotten.
  std::vector<Finish> finishes;
  std::vector<Progress> progress;
  std::optional<std::string> hazard;  ///< To be kept for the next start.
  std::optional<DayRequests> reservation;

  /// What came in later goes with it.
  void join(RoundRequest later);

  bool is_empty() const {
    return !scan_inbox && !purge_older_than && finishes.empty() && progress.empty() && !hazard &&
           !reservation;
  }
};

/// What a round made durable.
struct RoundReport {
  std::vector<QueuedHandshake> accepted;  ///< New rows, and rows merged: the later expiry holds.
  std::vector<HandshakeId> settled;       ///< Their finishes are in the spool, or their rows gone.
  std::vector<Notice> notices;            ///< What to log, in order.
  bool inbox_has_more = false;            ///< The scan stopped at its bound: ask again at once.
  bool inbox_waits = false;               ///< A file had to stay: ask again later.
  bool inbox_scanned = false;             ///< The request asked for a scan.
  std::optional<DayRequests> reserved;    ///< Its reservation.
};

/// Of the records of one round.
struct RoundBounds {
  std::size_t records = limits::kRecordsPerRound;                  ///< More wait for the next one.
  std::size_t synced_one_by_one = limits::kRecordsSyncedOneByOne;  ///< More are synced together.
};

/// Writes down what happened, in the one order that loses nothing and publishes nothing twice: the
/// intake and the publication protocol (see ledger.cpp), joined so that what waits goes into one
/// commit. Knows its three neighbours by their doors alone.
class Ledger {
 public:
  Ledger(Inbox& inbox, Queue& queue, Spool& spool, RoundBounds bounds = {});

  /// Once, before any round: ends what a crash left half done. Returns what to log.
  Result<std::vector<Notice>> recover(Wall now);

  /// One round, one commit. What is done leaves the request: all of it, or a part where it has more
  /// records than a round may have, or the disk no room for all. What stays must come first in the
  /// next request: some of its records may be written already. `disk_full`: nothing of it happened,
  /// and the same request may be tried again; less of it is done at once then. Any other error is
  /// final: the process must end, and recovery decides.
  Result<RoundReport> round(RoundRequest& request, Wall now);

  /// What is known of an id, between rounds.
  Result<KnownHandshake> find(const HandshakeId& id);

  /// True while `done` marks of the last round wait for a next commit, or a record for room in its
  /// folder: a round with an empty request sees to them.
  bool has_unmarked() const { return !unmarked_.empty() || !staged_.empty(); }

 private:
  static constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

  /// A record that is in staging/ with its row, and what to log once it is published.
  struct Unpublished {
    HandshakeId id;
    Outcome outcome{};
    Notice notice;
  };

  /// A record in staging/, and what its row will say of it.
  struct Written {
    HandshakeId id;
    Fingerprint record;
  };

  RoundRequest take_part(RoundRequest& request) const;
  void give_back(RoundRequest part, RoundRequest& request);
  Result<void> write_down(const RoundRequest& request, const std::vector<Finish>& next, Wall now,
                          RoundReport& report);
  Result<void> stage(const std::vector<Finish>& finishes, Staging how, RoundReport& report);
  Result<void> stage(const Finish& finish, Staging how, RoundReport& report);
  Result<bool> stage_row(const Finish& finish, const Written& written, RoundReport& report);
  Result<std::optional<std::string>> record_of(const Finish& finish);
  static void tell_gone(const Finish& finish, RoundReport& report);
  Result<void> sync(Staging how, const std::vector<Finish>& next);
  Meanwhile writing_ahead(const std::vector<Finish>& next);
  Result<bool> write_ahead(const Finish& finish);
  Result<void> note_progress(const std::vector<Progress>& progress);
  Result<void> take_in(Wall now, RoundReport& report);
  Result<void> take_in(const InboxSlice& slice, Wall now, RoundReport& report);
  Result<void> mark_published();
  void undo();
  void drop_ahead();
  Result<void> publish(const std::vector<Finish>& next_round);

  Result<void> return_broken_to_polling(std::vector<StagedHandshake>& staged,
                                        std::vector<Notice>& notices);
  Result<void> drop_polling(const std::vector<HandshakeId>& records);
  Result<void> clear_staging(std::vector<Notice>& notices);

  Inbox& inbox_;
  Queue& queue_;
  Spool& spool_;
  const RoundBounds bounds_;
  std::vector<Unpublished> staged_;       ///< By this round, or left by one that found no room.
  std::vector<Written> ahead_;            ///< Of the first finishes of the next round.
  Result<void> ahead_trouble_;            ///< Ends the process, once this round is published.
  std::vector<HandshakeId> unmarked_;     ///< Published; their rows still say `staged`.
  RoundReport published_;                 ///< What publish() did and no report tells yet.
  std::size_t most_finishes_ = kNoBound;  ///< Of one round. While the disk is full they are few.
};

}  // namespace attestrd
