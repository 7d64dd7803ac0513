#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "daemon/config/config.h"
#include "files/posix_files.h"
#include "files/posix_lock.h"
#include "inbox/folder_inbox.h"
#include "ledger/ledger.h"
#include "queue/sqlite_queue.h"
#include "spool/folder_spool.h"

namespace attestrd {

/// The stores of the daemon on disk, and the locks that keep other processes from writing to them.
/// Members are destroyed in reverse order: each may use those above it, and the locks are released
/// last.
struct Stores {
  std::optional<FileLock> queue_lock;
  std::optional<FileLock> spool_lock;
  std::optional<FileLock> inbox_lock;
  std::unique_ptr<PosixDirectory> spool_root;
  std::unique_ptr<FolderSpool> spool;
  std::unique_ptr<FolderInbox> inbox;
  std::unique_ptr<SqliteQueue> queue;
  std::unique_ptr<Ledger> ledger;  ///< Writes to the three stores above.
};

/// Locks the spool against other processes. `root` is its folder. Error: `unavailable` when another
/// process holds the lock.
Result<FileLock> lock_spool(Directory& root);

/// Opens all stores; recovery must follow. Error: `unavailable` when another process holds a lock.
Result<Stores> open_stores(const Config& config);

}  // namespace attestrd
