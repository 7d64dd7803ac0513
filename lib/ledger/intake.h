#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake.h"
#include "inbox/inbox.h"
#include "ledger/round.h"
#include "queue/queue_batch.h"

namespace attestrd {

/// The intake of one round: turns inbox files into submissions, and the answers of the queue into
/// accepted rows and notices.
///
/// The rows of a file are committed before the file is removed. After a crash in between the file
/// is read again, and each id is still accepted only once. Therefore the caller calls finish() and
/// settle(), in this order, after the commit, or rewind() if there was no commit.
class Intake {
 public:
  explicit Intake(Inbox& inbox) : inbox_(inbox) {}

  /// Reads the next lines of the inbox, at most `max_lines`. Returns the submissions that the queue
  /// is to accept. The handshakes to poll now are added to the report.
  Result<std::vector<Submission>> read(const ScanRequest& request, Mono now, std::size_t max_lines,
                                       RoundReport& report);

  /// Reports the accepted rows and the notices. `acceptances` holds the answer of the queue to each
  /// submission that read() returned.
  void finish(std::span<const Submission> submissions, std::vector<Acceptance> acceptances,
              RoundReport& report);

  /// Removes the files that were read to their end, and moves refused files away. Does nothing if
  /// there was no read() since the last settle().
  Result<void> settle(RoundReport& report);

  /// Discards the last read() after a round that was not committed: the next read() returns the
  /// same submissions again.
  void rewind();

 private:
  /// A run of consecutive submissions in one file.
  struct Slice {
    std::string file;
    std::size_t submissions = 0;
  };

  Inbox& inbox_;
  std::vector<Slice> slices_;  ///< The slices of the submissions that read() returned.
  std::vector<Notice> notices_;
  bool is_read_ = false;
};

}  // namespace attestrd
