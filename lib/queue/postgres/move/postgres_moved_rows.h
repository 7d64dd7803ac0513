#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "queue/boot_clock.h"
#include "queue/move/moved_row.h"
#include "queue/postgres/postgres_nodes.h"
#include "queue/postgres/postgres_values.h"

namespace attestrd {

/// The clocks of a queue file on their way into the database, and those that its node has there
/// already: the numbers of boots and the running times of the file continue them.
struct MovedClocks {
  std::vector<BootClock> moved{};
  std::int64_t boots_before = 0;  ///< The highest number of a boot.
  Duration running_before{0};
};

/// Returns the statement that inserts rows into the shelves of the member. Rows that are there
/// already stay as they are. It returns the ids of those that were inserted.
PostgresStatement insert_moved_rows(const Membership& member, const MovedClocks& clocks,
                                    std::span<const MovedRow> rows);

/// Returns the ids of rows that are no tombstones and were not inserted.
std::vector<HandshakeId> not_inserted(std::span<const MovedRow> rows,
                                      const PostgresResult& inserted);

}  // namespace attestrd
