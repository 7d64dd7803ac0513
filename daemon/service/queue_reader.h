#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "daemon/config/config.h"
#include "files/posix_lock.h"
#include "queue/sqlite_queue.h"

namespace attestrd {

/// Returns `unavailable` if there is no queue, and `permission_denied` if it can't be seen.
Result<void> find_queue(const Config& config);

/// The queue of a daemon that is not running, and the lock that a running daemon would hold. A
/// reader leaves no file behind: one of another user could keep the daemon from its next start.
struct QueueReader {
  /// The index of the log (-shm) that SQLite makes for a reader; the destructor removes it.
  class LogIndex {
   public:
    explicit LogIndex(const std::filesystem::path& queue);
    LogIndex(LogIndex&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    LogIndex& operator=(LogIndex&&) = delete;
    ~LogIndex();

   private:
    std::filesystem::path path_;  ///< Empty if the file was there before.
  };

  std::optional<FileLock> lock;  ///< Absent if no daemon has made the file of the lock.
  LogIndex index;
  std::unique_ptr<SqliteQueue> queue;

  /// Opens the queue for reading. Error: `unavailable` when there is no queue, or when a daemon
  /// holds its lock.
  static Result<QueueReader> open(const Config& config);
};

}  // namespace attestrd
