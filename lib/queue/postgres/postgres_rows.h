#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "queue/postgres/postgres_nodes.h"
#include "queue/postgres/postgres_values.h"
#include "queue/queue.h"

namespace attestrd {

// The statements that read the table `handshake`, and the one that notes what was read.

/// Returns the statement that reads rows by their ids, which must be sorted.
PostgresStatement read_rows(const Membership& member, std::span<const HandshakeId> ids);
/// Returns the statement that reads, of each of these shelves, at most `most` rows in `polling`
/// with ids greater than `after`, as long as they belong to this owner, in the order of ids.
PostgresStatement read_shelves(const Membership& member, std::span<const ShelfLease> shelves,
                               std::string_view after, std::size_t most);

/// Returns the statement that reads rows in `polling` of this owner that another node put there.
PostgresStatement read_unclaimed(const Membership& member, std::size_t most);
/// Returns the statement by which its owner notes that it knows such rows. The ids must be sorted.
PostgresStatement note_claimed(const Membership& member, std::span<const HandshakeId> ids);

/// Returns the statement that reads the ids of the rows in `polling` of shelves.
PostgresStatement read_ids_of(std::span<const std::int64_t> shelves);
PostgresStatement read_staged(const Membership& member);
PostgresStatement find_other_signatures(std::span<const SignedResult> results);
PostgresStatement find_ended_ids(const EndedQuery& query);
PostgresStatement count_rows();

}  // namespace attestrd
