// Creates the tables of a fleet, shows its nodes, and decides about the records of a lost spool.

#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/rfc3339.h"
#include "base/text.h"
#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/fleet/fleet_reader.h"
#include "files/posix_user.h"
#include "fleet/account_pause.h"
#include "fleet/fleet_watch.h"
#include "queue/postgres/account/postgres_account.h"
#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_nodes.h"
#include "queue/postgres/postgres_schema.h"
#include "queue/postgres/postgres_spools.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

int init(PostgresConnection& database) {
  if (const auto made = init_postgres(database); !made) return exit_with(made.error());
  fmt::print("the tables in the database {} are ready\n", database.name());
  return EX_OK;
}

/// Declares nodes dead whose beats stand still, by the rule of the fleet, as a node would: all of
/// them may have been killed, so that none is left to do it. Waits for up to 1.2 of the lease.
Result<void> declare_silent_dead(PostgresConnection& database, Duration lease) {
  constexpr Duration kInterval = std::chrono::milliseconds(250);
  FleetWatch watch(lease);
  for (const Mono end = read_clocks().mono + scaled(lease, 1.2); read_clocks().mono < end;) {
    const auto fleet = observe_fleet(database);
    if (!fleet) return fleet.error();
    if (std::ranges::none_of(fleet->nodes, &FleetNode::is_alive)) return {};
    for (const auto& dead : watch.observe(fleet->nodes, read_clocks().mono))
      if (const auto done = declare_dead(database, dead.name, {dead.instance, dead.beat}); !done)
        return done.error();
    std::this_thread::sleep_for(kInterval);
  }
  return {};
}

int forget(PostgresConnection& database, Duration lease) {
  if (const auto watched = declare_silent_dead(database, lease); !watched)
    return exit_with(watched.error());
  if (const auto forgotten = forget_account(database); !forgotten)
    return exit_with(forgotten.error());
  fmt::print("the next daemon that starts decides which account the database {} belongs to\n",
             database.name());
  return EX_OK;
}

int release(PostgresConnection& database, const Given& given) {
  const bool is_again = given.has("--again");
  if (given.operands.size() != 2 || is_again == given.has("--assume-published")) {
    fmt::print(stderr,
               "attestrd fleet release: give the UUID of one spool (see `attestrd fleet status`), "
               "and either --again or --assume-published\n");
    return EX_USAGE;
  }
  const auto ids = release_spool(database, given.operands[1],
                                 is_again ? Release::again : Release::assume_published);
  if (!ids) return exit_with(ids.error());
  for (const auto& id : *ids)
    fmt::print("{}: {}\n", id.view(), is_again ? "is polled again" : "counts as published");
  return EX_OK;
}

std::string share_of(const FleetNode& node) {
  return node.rate_limit ? std::to_string(node.share) : "no limit";
}

void print_node(const FleetNode& node) {
  fmt::print("{:20} {:6} {:>7} {:>9} {:>9}  {}\n", node.name, node.is_alive ? "alive" : "dead",
             node.shelves.size(), node.weight, share_of(node), node.spool);
}

void print_spool(const StagedSpool& spool) {
  const auto owner = spool.node.empty() ? "no node has it" : spool.node;
  const auto fate = spool.is_alive ? "which publishes them" : "which must return, or see release";
  fmt::print("{}: {} records on their way; {}, {}\n", spool.spool, spool.records, owner, fate);
}

/// Returns the name of the node that polls the canary of a paused account.
std::string canary_of(const FleetState& fleet) { return pause_seen_by("", fleet)->node; }

void print_json(const FleetState& fleet, const std::vector<StagedSpool>& spools,
                const std::optional<std::string>& account) {
  for (const auto& node : fleet.nodes) {
    boost::json::object line{
        {"node", node.name},         {"alive", node.is_alive}, {"spool", node.spool},
        {"instance", node.instance}, {"beat", node.beat},      {"shelves", node.shelves.size()},
        {"pending", node.weight},    {"share", node.share},    {"version", node.version}};
    if (node.rate_limit) line["requests_per_second"] = *node.rate_limit;
    fmt::print("{}\n", boost::json::serialize(line));
  }
  for (const auto& spool : spools) {
    boost::json::object line{{"staged_spool", spool.spool},
                             {"node", spool.node},
                             {"alive", spool.is_alive},
                             {"records", spool.records}};
    if (spool.oldest) line["oldest"] = to_rfc3339(*spool.oldest);
    fmt::print("{}\n", boost::json::serialize(line));
  }
  boost::json::object line{{"account", account ? boost::json::value(*account) : nullptr},
                           {"synchronous_replication", fleet.is_replication_synchronous},
                           {"standbys", fleet.standbys},
                           {"orphan_shelves", fleet.orphans.size()}};
  if (fleet.paused_since) line["operator_pause"] = to_rfc3339(*fleet.paused_since);
  const auto& pause = fleet.account;
  if (!pause.reason.empty())
    line["account_pause"] = boost::json::object{{"reason", pause.reason},
                                                {"since", to_rfc3339(pause.since.value_or(Wall()))},
                                                {"node", canary_of(fleet)}};
  fmt::print("{}\n", boost::json::serialize(line));
}

int status(PostgresConnection& database, const Given& given) {
  if (const auto server = check_postgres(database); !server) return exit_with(server.error());
  const auto fleet = observe_fleet(database);
  if (!fleet) return exit_with(fleet.error());
  const auto spools = staged_spools(database);
  if (!spools) return exit_with(spools.error());
  const auto account = find_account(database);
  if (!account) return exit_with(account.error());
  if (given.has("--json")) {
    print_json(*fleet, *spools, *account);
    return EX_OK;
  }
  if (!given.has("--no-header"))
    fmt::print("{:20} {:6} {:>7} {:>9} {:>9}  {}\n", "NODE", "STATE", "SHELVES", "PENDING",
               "REQUESTS", "SPOOL");
  for (const auto& node : fleet->nodes) print_node(node);
  for (const auto& spool : *spools) print_spool(spool);
  if (!fleet->orphans.empty())
    fmt::print("{} shelves have no living owner: the nodes take them over\n",
               fleet->orphans.size());
  fmt::print("the account is {}\n", account->value_or("that of the first daemon that starts"));
  if (const auto& pause = fleet->account; !pause.reason.empty())
    fmt::print("the account is paused ({}) by {} since {}: that node asks whether it is over\n",
               pause.reason, canary_of(*fleet), to_rfc3339(pause.since.value_or(Wall())));
  if (fleet->paused_since)
    fmt::print("an operator has paused all polls since {}\n", to_rfc3339(*fleet->paused_since));
  if (!fleet->is_replication_synchronous)
    fmt::print("replication is not synchronous: a failover of the database can lose commits\n");
  return EX_OK;
}

}  // namespace

int cmd_fleet(const Given& given) {
  const auto& verb = given.operands.front();
  const bool is_known =
      verb == "init" || verb == "status" || verb == "release" || verb == "forget-account";
  if (!is_known || (verb != "release" && given.operands.size() != 1)) {
    fmt::print(stderr,
               "attestrd fleet: give `init`, `status`, `release SPOOL` or `forget-account`\n");
    return EX_USAGE;
  }
  const auto config = load_config(given.config_file, {"paths", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  const auto database = connect_to_fleet(*config, "attestrd fleet");
  if (!database) return exit_with(database.error());
  if (verb == "init") return init(**database);
  if (verb == "forget-account") return forget(**database, config->postgres.lease);
  return verb == "status" ? status(**database, given) : release(**database, given);
}

}  // namespace attestrd
