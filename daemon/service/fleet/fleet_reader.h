#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "daemon/config/config.h"
#include "queue/postgres/operators/postgres_reader.h"

namespace attestrd {

/// Returns a connection of a command to the database of the fleet, as the user of the service: a
/// unix socket may let in that one alone. `application` is the name that the server shows. Errors:
/// `invalid_config`, also if the queue is in no database, and those of read_postgres_password() and
/// become_owner_of().
Result<std::unique_ptr<PostgresConnection>> connect_to_fleet(const Config& config,
                                                             const std::string& application);

/// Opens the queue of a fleet for reading, for a command on a machine whose daemon does not run.
/// Errors: those of connect_to_fleet() and check_postgres().
Result<PostgresReader> open_fleet_reader(const Config& config);

}  // namespace attestrd
