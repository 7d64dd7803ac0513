#pragma once

#include <set>
#include <span>
#include <vector>

#include "base/result.h"
#include "handshake/finish.h"
#include "handshake/handshake_id.h"
#include "ledger/round.h"

namespace attestrd {

class Queue;
class Spool;

/// The answers in staging/ whose results could not be trusted yet. They outlive a process, since
/// Attestr may archive a result while no process has its answer. One that is lost costs a poll, or
/// the result if it was archived: so they are synced, but nothing else depends on them.
class DoubtedAnswers {
 public:
  DoubtedAnswers(Queue& queue, Spool& spool) : queue_(queue), spool_(spool) {}

  /// Stores the answers of handshakes that this owner still polls.
  Result<void> store(std::span<const Finish> doubted);

  /// Returns the answers that processes before have stored for handshakes that this owner polls,
  /// and removes the others.
  Result<std::vector<DoubtedAnswer>> find();

  /// Removes the answers of handshakes that have ended. A power cut may bring one back: the next
  /// find() removes it, as it does those of rows that another owner has. The answer of a lost row
  /// stays until then, since the row may come back.
  void remove(std::span<const HandshakeId> ids);

 private:
  Queue& queue_;
  Spool& spool_;
  std::set<HandshakeId> stored_;
};

}  // namespace attestrd
