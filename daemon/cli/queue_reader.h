#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "daemon/config/config.h"
#include "files/posix_lock.h"
#include "queue/sqlite_queue.h"

namespace attestrd {

/// The queue of a daemon that does not run, under the lock that it would hold.
struct QueueReader {
  FileLock lock;
  std::unique_ptr<SqliteQueue> queue;

  /// `unavailable` when there is no queue, or a daemon holds it.
  static Result<QueueReader> open(const Config& config);
};

}  // namespace attestrd
