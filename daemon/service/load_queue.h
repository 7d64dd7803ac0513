#pragma once

#include <functional>

#include "base/result.h"
#include "ledger/ledger.h"
#include "queue/queue.h"
#include "runtime/conductor.h"

namespace attestrd {

/// Loads the contents of the queue into the engine: the learnt observations, the requests reserved
/// today, and every pending handshake. Returns the number of completions learnt. The disk worker
/// must not run yet: until this returns, no other thread may use the queue. Calls `moved` after
/// each step that may take long.
Result<double> load_queue(Queue& queue, Ledger& ledger, Conductor& conductor,
                          const std::function<void()>& moved);

}  // namespace attestrd
