#include "daemon/service/fleet/fleet_reader.h"

#include <optional>

#include "daemon/config/secrets.h"
#include "daemon/service/fleet/fleet_database.h"
#include "files/posix_user.h"
#include "queue/postgres/postgres_schema.h"

namespace attestrd {

Result<std::unique_ptr<PostgresConnection>> connect_to_fleet(const Config& config,
                                                             const std::string& application) {
  if (config.queue.store != QueueStore::postgres)
    return fail(Errc::invalid_config,
                "queue.store is not \"postgres\": this daemon is no node of a fleet");
  const auto password = read_postgres_password(config);
  if (!password) return password.error();
  if (auto owner = become_owner_of(config.paths.spool.string()); !owner) return owner.error();
  return fleet_database(config, *password, application);
}

Result<PostgresReader> open_fleet_reader(const Config& config) {
  auto connection = connect_to_fleet(config, "attestrd reads");
  if (!connection) return connection.error();
  if (const auto server = check_postgres(**connection); !server) return server.error();
  return PostgresReader(std::move(*connection));
}

}  // namespace attestrd
