#pragma once

#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/row_change.h"
#include "log/notice.h"

namespace attestrd {

class Queue;
class Spool;

/// What a process that died left half done, found by rows and files (see ledger.cpp).
class Recovery {
 public:
  Recovery(Queue& queue, Spool& spool) : queue_(queue), spool_(spool) {}

  /// Where publication goes on.
  struct HalfDone {
    std::vector<StagedHandshake> unpublished;  ///< Their records lie in staging/.
    std::vector<Done> published;               ///< Their records were moved, and maybe not synced.
  };

  /// Reads the staged rows of this node and staging/. Returns rows to `polling` whose records are
  /// not what the rows say, and drops the records of rows in `polling`.
  Result<HalfDone> find(Wall now, std::vector<Notice>& notices);

  /// Once all is published: what is still in staging/ belongs to no row, and goes to rejected/.
  Result<void> clear_staging(std::vector<Notice>& notices);

 private:
  Result<void> return_broken_to_polling(std::vector<StagedHandshake>& staged, Wall now,
                                        std::vector<Notice>& notices);
  Result<void> drop_polling(const std::vector<HandshakeId>& records);

  Queue& queue_;
  Spool& spool_;
};

}  // namespace attestrd
