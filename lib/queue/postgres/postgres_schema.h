#pragma once

#include <cstdint>

#include "base/result.h"

namespace attestrd {

class PostgresConnection;

/// The version of the tables, raised whenever an older attestrd could misread them.
inline constexpr std::int64_t kPostgresSchemaVersion = 1;

/// The facts about the server that check_postgres() has read.
struct PostgresServer {
  std::int64_t version = 0;  ///< As server_version_num: 150018 is 15.18.
  /// A commit is acknowledged only once a standby has it. Otherwise a failover can lose commits.
  bool is_replication_synchronous = false;
};

/// Creates the tables in the schema `attestrd`, or upgrades them to this version, in one
/// transaction. Does nothing if they have this version already. Only `attestrd fleet init` calls
/// it: the user of the daemons needs no right to create tables. Errors: `newer_version`, those of
/// PostgresConnection, and those of check_postgres().
Result<void> init_postgres(PostgresConnection& connection);

/// Checks that the daemon can use the database. Errors: `invalid_config` if the tables are missing
/// or of an older version, the server is older than PostgreSQL 14 or its encoding is not UTF-8;
/// `newer_version`; `unavailable` if it is read-only, as a standby is, and as PostgresConnection.
Result<PostgresServer> check_postgres(PostgresConnection& connection);

}  // namespace attestrd
