#pragma once

#include "base/result.h"
#include "ledger/ledger.h"
#include "queue/queue.h"
#include "runtime/conductor.h"

namespace attestrd {

/// Gives the engine all that the queue holds: what was learnt, the requests reserved today, and
/// every pending handshake. Returns the number of completions that were learnt from. The disk
/// worker must not run yet: until this returns no other thread uses the queue.
Result<double> load_queue(Queue& queue, Ledger& ledger, Conductor& conductor);

}  // namespace attestrd
