// Moves the queue of this spool between its file and the database of a fleet.

#include <fmt/format.h>
#include <sysexits.h>

#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/config/secrets.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/move/queue_move.h"
#include "files/posix_user.h"
#include "fleet/account_identity.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

std::optional<MoveTo> target_of(const Given& given) {
  const auto to = given.value_of("--to");
  if (to == "postgres") return MoveTo::database;
  if (to == "sqlite") return MoveTo::file;
  return std::nullopt;
}

Result<QueueMoved> move(const Config& config, MoveTo to) {
  if (config.queue.store != QueueStore::postgres)
    return fail(Errc::invalid_config,
                "queue.store is not \"postgres\": set it, and postgres.url, for a move in either "
                "direction");
  auto password = read_postgres_password(config);
  if (!password) return password.error();
  FleetEntry entry;
  entry.password = std::move(*password);
  const auto token = read_auth_token(config);
  if (!token) return token.error();
  entry.account = account_identity(authority_of(config.api.url), token->reveal());
  entry.boot = read_boot_id();
  entry.wait = [](Duration time) {
    std::this_thread::sleep_for(time);
    return false;
  };
  if (auto owner = become_owner_of(config.paths.spool.string()); !owner) return owner.error();
  return move_queue(config, entry, to);
}

}  // namespace

int cmd_queue(const Given& given) {
  const auto to = target_of(given);
  if (given.operands.front() != "move" || !to) {
    fmt::print(stderr, "attestrd queue: give `move`, and --to postgres or --to sqlite\n");
    return EX_USAGE;
  }
  const auto config = load_config(given.config_file, {"api", "paths", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  const auto moved = move(*config, *to);
  if (!moved) return exit_with(moved.error());
  const auto target =
      *to == MoveTo::database ? std::string("the database") : config->paths.queue.string();
  if (moved->was_committed)
    fmt::print("the earlier move into {} is complete\n", target);
  else
    fmt::print("moved {} pending, {} ending and {} ended into {}\n", moved->pending, moved->staged,
               moved->ended, target);
  if (moved->is_paused) fmt::print("an operator's pause of all polls has moved, too\n");
  if (*to == MoveTo::file)
    fmt::print("now set queue.store = \"sqlite\" and postgres.url = \"\", and start the daemon\n");
  return EX_OK;
}

}  // namespace attestrd
