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

/// The queue of a daemon that has entered its fleet, and the register in which it beats.
struct FleetStores {
  std::unique_ptr<PostgresQueue> queue;
  std::unique_ptr<PostgresRegister> fleet;
};

/// Enters the fleet as a new process of this node. The lock of the spool must be held: no other
/// process of this machine can be the same node then. If a process of the node may still live on
/// another machine, as after a clone, it watches its beat for the time of a lease.
///
/// `wait` waits for a time, and returns true if the daemon is to stop; nothing is entered then, and
/// the queue is null. Errors: those of check_postgres() and enter_fleet(), with `invalid_config`
/// instead of `already_exists`; `io_failure` if records of this node are on their way in another
/// spool.
Result<FleetStores> enter_fleet_of(const Config& config, const std::optional<Secret>& password,
                                   FolderSpool& spool, const std::string& boot,
                                   const std::function<bool(Duration)>& wait);

}  // namespace attestrd
