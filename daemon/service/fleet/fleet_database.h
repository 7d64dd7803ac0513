#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "crypto/secret.h"
#include "daemon/config/config.h"
#include "queue/postgres/postgres_connection.h"

namespace attestrd {

/// Returns the name of this daemon in its fleet: the configured one, or the name of the host.
std::string fleet_node_name(const Config& config);

/// Returns a connection to the database of the fleet, which is made when it is needed first.
/// `application` is the name that the server shows. Error: `invalid_config`.
Result<std::unique_ptr<PostgresConnection>> fleet_database(const Config& config,
                                                           const std::optional<Secret>& password,
                                                           const std::string& application);

}  // namespace attestrd
