#pragma once

#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/row_change.h"
#include "log/notice.h"

namespace attestrd {

class Queue;
class Spool;

/// The recovery after a crash: finds the publications that the previous process left half done, by
/// the rows of the queue and the files in staging/ (see ledger.cpp).
class Recovery {
 public:
  Recovery(Queue& queue, Spool& spool) : queue_(queue), spool_(spool) {}

  /// The publications to resume.
  struct HalfDone {
    std::vector<StagedHandshake> unpublished;  ///< Their records are in staging/.
    std::vector<Done> published;               ///< Their records were renamed, maybe not synced.
  };

  /// Compares the staged rows of this node with the files in staging/. Returns the publications to
  /// resume. Sets staged rows whose records do not match them back to `polling`, and drops the
  /// records whose rows were not committed as staged.
  Result<HalfDone> find(Wall now, std::vector<Notice>& notices);

  /// Moves all files in staging/ to rejected/. Must be called after everything is published: a file
  /// that is still in staging/ then belongs to no row.
  Result<void> clear_staging(std::vector<Notice>& notices);

 private:
  Result<void> return_broken_to_polling(std::vector<StagedHandshake>& staged, Wall now,
                                        std::vector<Notice>& notices);
  Result<void> find_diverted(const std::vector<StagedHandshake>& rows, std::vector<Done>& published,
                             std::vector<Notice>& notices);
  Result<void> drop_uncommitted(const std::vector<HandshakeId>& records);

  Queue& queue_;
  Spool& spool_;
};

}  // namespace attestrd
