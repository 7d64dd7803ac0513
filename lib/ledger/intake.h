#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake.h"
#include "ledger/round.h"
#include "queue/queue_batch.h"

namespace attestrd {

class Inbox;

/// The intake of one round: inbox files become submissions, and what the queue answers becomes
/// accepted rows and notices.
///
/// The rows of a file are committed before the file is removed. A crash in between means that the
/// file is read again, and an id is accepted once. So finish() and settle() follow the commit, in
/// this order; or rewind(), when there was none.
class Intake {
 public:
  explicit Intake(Inbox& inbox) : inbox_(inbox) {}

  /// Reads on in the inbox, and returns what the queue is to accept.
  Result<std::vector<Submission>> read(Wall now, RoundReport& report);

  /// `acceptances` are the queue's answers to what read() returned, one for each.
  void finish(std::span<const Submission> submissions, std::vector<Acceptance> acceptances,
              RoundReport& report);

  /// Removes the files that were read to their end, and moves away what is refused. Does nothing
  /// when there was no read() since the last one.
  Result<void> settle(RoundReport& report);

  /// Nothing of the last read() was kept: the next one returns it again.
  void rewind();

 private:
  /// Submissions that stand together in one file.
  struct Slice {
    std::string file;
    std::size_t submissions = 0;
  };

  Inbox& inbox_;
  std::vector<Slice> slices_;  ///< Of what read() returned.
  std::vector<Notice> notices_;
  bool is_read_ = false;
};

}  // namespace attestrd
