#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "crypto/secret.h"
#include "daemon/config/config.h"
#include "files/posix_files.h"
#include "files/posix_lock.h"
#include "inbox/folder_inbox.h"
#include "ledger/ledger.h"
#include "queue/postgres/postgres_register.h"
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
  std::unique_ptr<Ledger> ledger;           ///< Writes to the three stores above.
};

/// Locks the spool against other processes. `root` is its folder. Error: `unavailable` when another
/// process holds the lock.
Result<FileLock> lock_spool(Directory& root);

/// Locks spool and inbox as a daemon does, and opens the spool. Error: `unavailable` when another
/// process holds a lock.
Result<Stores> lock_spool_and_inbox(const Config& config);

/// The values that the stores of a fleet need beside the configuration.
struct FleetEntry {
  std::optional<Secret> password{};
  std::string boot{};                    ///< The boot of this machine.
  std::function<bool(Duration)> wait{};  ///< See enter_fleet_of().
};

/// Opens all stores; recovery must follow. With a queue in a database the daemon has entered its
/// fleet then; the queue is null if it is to stop instead. Error: `unavailable` when another
/// process holds a lock, or the database can't be reached; those of check_queue_place().
Result<Stores> open_stores(const Config& config, const FleetEntry& entry);

}  // namespace attestrd
