#pragma once

#include <cstddef>
#include <vector>

#include "ledger/round.h"
#include "queue/queue_batch.h"

namespace attestrd {

/// The part of a round that writes the demands of operators on pending handshakes: the pause of all
/// polls, and held handshakes. Both are durable before the engine hears of them.
class Interventions {
 public:
  /// Sets the pause that the queue stores.
  void recall(const OperatorPause& pause) { pause_ = pause; }

  /// Adds the changes for the requests of a round to its batch. A round that is undone, or whose
  /// batch is not written, changes nothing here: the next one adds them again.
  void add_changes(const RoundRequest& part, Wall now, QueueBatch& batch);

  /// Reports what the queue has written.
  void finish(const RoundRequest& part, const QueueBatch& batch,
              const std::vector<Applied>& changes, RoundReport& report);

 private:
  OperatorPause pause_;           ///< As the queue stores it.
  std::size_t first_change_ = 0;  ///< Of the holds of the round, in the batch.
};

}  // namespace attestrd
