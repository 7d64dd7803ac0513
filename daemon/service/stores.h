#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "daemon/config/config.h"
#include "daemon/service/fleet/enter_fleet.h"
#include "daemon/service/fleet/start_beats.h"
#include "files/posix_files.h"
#include "files/posix_lock.h"
#include "inbox/folder_inbox.h"
#include "ledger/ledger.h"
#include "queue/queue.h"
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
  std::unique_ptr<Queue> queue;
  SqliteQueue* sqlite = nullptr;            ///< The queue, if it is a file.
  std::unique_ptr<PostgresRegister> fleet;  ///< Null: the queue is this daemon's alone.
  std::unique_ptr<StartBeats> start_beats;  ///< From the entry until the membership beats itself.
  std::unique_ptr<Ledger> ledger;           ///< Writes to the three stores above.
};

/// Locks the spool against other processes. `root` is its folder. Error: `unavailable` when another
/// process holds the lock.
Result<FileLock> lock_spool(Directory& root);

/// Locks spool and inbox as a daemon does, and opens the spool. Error: `unavailable` when another
/// process holds a lock.
Result<Stores> lock_spool_and_inbox(const Config& config);

/// Opens all stores; recovery must follow. With a queue in a database the daemon has entered its
/// fleet then; the queue is null if it is to stop instead. Error: `unavailable` when another
/// process holds a lock, or the database can't be reached; those of check_queue_place().
Result<Stores> open_stores(const Config& config, const FleetEntry& entry);

}  // namespace attestrd
