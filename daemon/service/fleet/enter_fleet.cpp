#include "daemon/service/fleet/enter_fleet.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "daemon/service/fleet/fleet_database.h"
#include "fleet/fleet_watch.h"
#include "queue/postgres/account/postgres_account.h"
#include "queue/postgres/postgres_schema.h"
#include "queue/postgres/postgres_spools.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

constexpr Duration kLookInterval = std::chrono::milliseconds(250);

/// The database as seen by a process that enters.
class Entrance {
 public:
  Entrance(PostgresConnection& connection, NodeProcess process, Duration lease)
      : connection_(connection), process_(std::move(process)), lease_(lease) {}

  /// Returns nothing if the daemon is to stop.
  Result<std::optional<Membership>> enter(const std::function<bool(Duration)>& wait) {
    const auto node = find_node(connection_, process_.node);
    if (!node) return node.error();
    std::optional<FormerInstance> former;
    if (*node) {
      if (const auto same = check_spool(**node); !same) return same.error();
      if ((*node)->is_alive) former = FormerInstance{(*node)->instance, (*node)->beat};
    }
    // The process before it had the same spool on the same boot of this machine, and held its lock.
    if (former && (*node)->spool == process_.spool && (*node)->boot == process_.boot)
      former->beat.reset();
    else if (former && wait_while_silent(*former, wait))
      return std::optional<Membership>();
    auto member = enter_fleet(connection_, process_, former);
    // A restart does not help against another daemon of this name or with this spool.
    if (!member && member.error().code == Errc::already_exists)
      return fail(Errc::invalid_config, member.error().message);
    if (!member) return member.error();
    return std::optional(std::move(*member));
  }

 private:
  /// Records that are on their way in another spool of this node would wait for ever.
  Result<void> check_spool(const FleetNode& node) {
    if (node.spool == process_.spool) return {};
    const auto staged = count_staged(connection_, node.spool);
    if (!staged) return staged.error();
    if (*staged == 0) return {};
    return fail(Errc::io_failure,
                fmt::format("{} records of the node {} are on their way in the spool {}, and this "
                            "is another one ({}): mount that one or put it back; should it be "
                            "lost, `attestrd fleet release {} --again` has them polled again, and "
                            "`--assume-published` counts them as published",
                            *staged, node.name, node.spool, process_.spool, node.spool));
  }

  /// Watches the node until its beat moves, or until it is dead by the rule of the whole fleet: a
  /// time without the database does not count. Returns true if the daemon is to stop.
  /// enter_fleet() refuses to replace a process whose beat has moved.
  bool wait_while_silent(const FormerInstance& former, const std::function<bool(Duration)>& wait) {
    for (FleetWatch watch(lease_);;) {
      if (wait(kLookInterval)) return true;
      const auto found = find_node(connection_, process_.node);
      if (!found) continue;
      const auto& node = *found;
      if (!node || node->instance != former.instance || node->beat != former.beat) return false;
      if (!node->is_alive || !watch.observe({&*node, 1}, read_clocks().mono).empty()) return false;
    }
  }

  PostgresConnection& connection_;
  NodeProcess process_;
  Duration lease_;
};

/// A daemon of another account would poll handshakes that its account does not know, and end them.
Result<void> check_account(PostgresConnection& connection, const std::string& account) {
  const auto owner = claim_account(connection, account);
  if (!owner) return owner.error();
  if (*owner == account) return {};
  return fail(Errc::invalid_config,
              fmt::format("the database {} belongs to the account {}, and `api.url` and "
                          "`api.auth_token_file` are those of {}: each account needs a database of "
                          "its own; if the account has been replaced on purpose, stop all daemons "
                          "and run `attestrd fleet forget-account`",
                          connection.name(), *owner, account));
}

}  // namespace

Result<FleetStores> enter_fleet_of(const Config& config, const FleetEntry& entry,
                                   FolderSpool& spool) {
  auto connection = fleet_database(config, entry.password, "attestrd");
  if (!connection) return connection.error();
  auto beats = fleet_database(config, entry.password, "attestrd beats");
  if (!beats) return beats.error();
  if (const auto server = check_postgres(**connection); !server) return server.error();
  if (const auto same = check_account(**connection, entry.account); !same) return same.error();
  const auto fresh = new_instance(**connection);
  if (!fresh) return fresh.error();
  const auto identity = spool.identity(*fresh);
  if (!identity) return identity.error();
  const auto instance = new_instance(**connection);
  if (!instance) return instance.error();
  Entrance entrance(**connection, {fleet_node_name(config), *identity, *instance, entry.boot},
                    config.postgres.lease);
  auto member = entrance.enter(entry.wait);
  if (!member) return member.error();
  FleetStores stores;
  if (!*member) return stores;
  stores.queue = std::make_unique<PostgresQueue>(std::move(*connection), std::move(**member));
  stores.fleet =
      std::make_unique<PostgresRegister>(std::move(*beats), stores.queue->shared_member());
  return stores;
}

}  // namespace attestrd
