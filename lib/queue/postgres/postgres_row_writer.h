#pragma once

#include <span>
#include <vector>

#include "base/time.h"
#include "queue/postgres/batch_decisions.h"
#include "queue/postgres/postgres_nodes.h"
#include "queue/postgres/postgres_values.h"
#include "queue/queue_batch.h"

namespace attestrd {

// The statements that write the table `handshake`. Rows are in the order of the bytes of their ids,
// so that no two transactions wait for each other.

/// Returns the statement that inserts the submissions whose ids no row has, and returns these ids.
/// `submissions` must be sorted, each id once.
PostgresStatement insert_rows(const Membership& member, const QueueBatch& batch, Wall now,
                              std::span<const Submission* const> submissions,
                              const BatchDecisions& shelves);

/// Returns the statement that writes rows, and fails (PostgresConnection::is_conflict()) if one of
/// them has changed since it was read.
PostgresStatement update_rows(const Membership& member, const QueueBatch& batch,
                              const std::vector<const SharedRow*>& rows);

/// Returns the statements that remove old tombstones of this node, the last of which tells their
/// number. Those of nodes that are dead become its own, and age anew from now on.
PostgresPipeline purge_rows(const Membership& member, const Purge& purge, Duration running);

}  // namespace attestrd
