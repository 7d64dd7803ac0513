#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/row_change.h"

namespace attestrd {

class Queue;
class Spool;

/// The treatment of staged rows whose records are lost. Only people can choose it: a record may be
/// lost with the disk of staging/, or a consumer may have taken it.
enum class LostRecords : std::uint8_t {
  poll_again,  ///< The handshake is polled and published again.
  delivered,   ///< The handshake counts as published.
};

/// The place of the record of a staged row.
enum class RecordPlace : std::uint8_t {
  staging,  ///< The next start publishes it, or polls again if it is not the record of the row.
  folder,   ///< In the folder of its outcome: it is published.
  lost,     ///< In neither.
};

/// A staged row, and where its record was found.
struct StagedRow {
  HandshakeId id;
  Outcome outcome{};
  RecordPlace place{};
};

/// Changes the staged rows whose records are lost, and marks staging/ as used, so that the next
/// start need not refuse it. Returns all rows that were staged. If it fails or is killed, it can be
/// called again.
Result<std::vector<StagedRow>> recover_lost(Queue& queue, Spool& spool, LostRecords lost, Wall now);

}  // namespace attestrd
