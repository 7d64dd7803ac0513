#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "crypto/secret.h"
#include "daemon/config/config.h"
#include "queue/postgres/postgres_queue.h"
#include "queue/postgres/postgres_register.h"
#include "spool/folder_spool.h"

namespace attestrd {

/// The values that a daemon needs beside its configuration to enter a fleet.
struct FleetEntry {
  std::optional<Secret> password{};
  std::string account{};  ///< See account_identity().
  std::string boot{};     ///< The boot of this machine.
  /// Waits for a time, and returns true if the daemon is to stop.
  std::function<bool(Duration)> wait{};
};

/// The queue of a daemon that has entered its fleet, and the register in which it beats.
struct FleetStores {
  std::unique_ptr<PostgresQueue> queue;
  std::unique_ptr<PostgresRegister> fleet;
};

/// Enters the fleet as a new process of this node. The lock of the spool must be held: no other
/// process of this machine can be the same node then. If a process of the node may still live on
/// another machine, as after a clone, it watches its beat for the time of a lease.
///
/// The queue is null if the daemon is to stop: nothing was entered. Errors: those of
/// check_postgres() and enter_fleet(), with `invalid_config` instead of `already_exists`;
/// `invalid_config` if the database belongs to another account; `io_failure` if records of this
/// node are on their way in another spool.
Result<FleetStores> enter_fleet_of(const Config& config, const FleetEntry& entry,
                                   FolderSpool& spool);

}  // namespace attestrd
