#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "handshake/known_handshake.h"
#include "queue/queue_row.h"

namespace attestrd {

/// The rows of a backup, and the queue into which they are restored. Nothing is durable before
/// commit(); without it, nothing changes.
class QueueMerge {
 public:
  virtual ~QueueMerge() = default;

  /// Returns the number of the backup's mark in the spool; nothing if the file is no backup but a
  /// queue file that was copied while no daemon ran.
  virtual Result<std::optional<std::uint64_t>> number() = 0;

  /// Returns the next row of the backup, or nothing after the last one.
  virtual Result<std::optional<BackupRow>> next() = 0;

  /// Returns the state of an id in the queue.
  virtual Result<KnownHandshake> present(const HandshakeId& id) = 0;

  /// Writes a row into the queue. Only a tombstone may replace a row of the same id. A staged row
  /// needs `again`.
  virtual Result<void> put(const BackupRow& row) = 0;

  /// Adds what the queue does not know otherwise (the learnt hazard, the requests of the day), and
  /// makes everything durable.
  virtual Result<void> commit() = 0;
};

}  // namespace attestrd
