#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "daemon/config/config.h"
#include "files/posix_lock.h"
#include "queue/sqlite_queue.h"

namespace attestrd {

/// The queue of a daemon that is not running, and the lock that a running daemon would hold.
struct QueueReader {
  FileLock lock;
  std::unique_ptr<SqliteQueue> queue;

  /// Opens the queue for reading. Error: `unavailable` when there is no queue, or when a daemon
  /// holds its lock.
  static Result<QueueReader> open(const Config& config);
};

}  // namespace attestrd
