#include "queue/postgres/postgres_nodes.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "queue/postgres/account/postgres_account.h"
#include "queue/postgres/operators/postgres_requests.h"
#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_schema.h"

namespace attestrd {
namespace {

constexpr int kShelvesPerNode = 16;

// `synchronous_commit` is raised only if it is off: a commit must survive the end of the server.
// The server gives up before we do. Otherwise a transaction of a client that hangs could hold locks
// for ever. `idle_in_transaction_session_timeout` ends it between two pipelines.
constexpr const char* kSettings =
    "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN 'local' ELSE current_setting('synchronous_commit') END, true), "
    "set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), "
    "set_config('idle_in_transaction_session_timeout', $1, true), "
    "set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)";

// A shelf whose owner is the present process of no node has no node here.
constexpr const char* kStates =
    "SELECT n.name, n.spool, n.instance, n.beat, n.alive, n.weight, n.rate_share, n.rate_limit, "
    "n.version, n.boot, s.shelf, s.epoch, s.instance FROM attestrd.node n "
    "FULL JOIN attestrd.shelf s ON s.instance = n.instance "
    "WHERE $1::text IS NULL OR n.name = $1 ORDER BY n.name, s.shelf";
constexpr const char* kShared =
    "SELECT operator_pause_since, floor(extract(epoch FROM clock_timestamp()) / 60)::bigint, "
    "current_setting('synchronous_standby_names') <> '' AND "
    "current_setting('synchronous_commit') NOT IN ('off', 'local'), "
    "(SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'), "
    "(SELECT count(*) FROM attestrd.handshake WHERE state = 'staged' AND spool NOT IN "
    "(SELECT spool FROM attestrd.node WHERE alive)), "
    "pause_no, reason, canary, paused_since FROM attestrd.account";

/// Two processes that enter at the same time wait for each other here.
constexpr const char* kInsertNode =
    "INSERT INTO attestrd.node (name, spool, instance, version, alive) "
    "VALUES ($1, $2::uuid, $3::uuid, $4, false) ON CONFLICT DO NOTHING";
constexpr const char* kLockNode =
    "SELECT number, spool, instance, beat, alive FROM attestrd.node WHERE name = $1 FOR UPDATE";
constexpr const char* kSpoolNode = "SELECT name FROM attestrd.node WHERE spool = $1::uuid";

// A new instance has no share of the rate yet: others may have what the former one had.
constexpr const char* kEnterNode =
    "UPDATE attestrd.node SET spool = $2::uuid, version = $4, boot = $5, alive = true, "
    "rate_share = CASE WHEN instance = $3::uuid THEN rate_share ELSE 0 END, "
    "beat = CASE WHEN instance = $3::uuid THEN beat ELSE 0 END, instance = $3::uuid "
    "WHERE name = $1";
constexpr const char* kEnterWriter =
    "INSERT INTO attestrd.writer (node, instance) VALUES ($1, $2::uuid) ON CONFLICT (node) "
    "DO UPDATE SET instance = excluded.instance, round = attestrd.writer.round + 1 "
    "RETURNING round";
// By the node and not by the former instance: a takeover for that one may have come late.
constexpr const char* kRaiseShelves =
    "UPDATE attestrd.shelf SET instance = $2::uuid, epoch = greatest(epoch, $3::bigint) + 1 "
    "WHERE node = $1::int AND instance <> $2::uuid";
constexpr const char* kMakeShelves =
    "INSERT INTO attestrd.shelf (home, node, instance) SELECT $1::int, $1::int, $2::uuid "
    "FROM generate_series(1, $3::int) "
    "WHERE NOT EXISTS (SELECT FROM attestrd.shelf WHERE instance = $2::uuid)";
constexpr const char* kShelves =
    "SELECT shelf, epoch FROM attestrd.shelf WHERE instance = $1::uuid ORDER BY shelf";

constexpr const char* kLeave =
    "UPDATE attestrd.node SET alive = false WHERE name = $1 AND instance = $2::uuid";
constexpr const char* kBeat =
    "UPDATE attestrd.node SET beat = beat + 1, weight = $3, rate_limit = $4::double precision, "
    "daily = $5::bigint WHERE name = $1 AND instance = $2::uuid AND alive RETURNING beat";
constexpr const char* kLockAccount = "SELECT line FROM attestrd.account FOR UPDATE";
constexpr const char* kSetShares =
    "UPDATE attestrd.node SET rate_share = least($3::bigint, greatest($4::bigint - "
    "(SELECT coalesce(sum(rate_share), 0) FROM attestrd.node WHERE alive AND name <> $1), 0)) "
    "WHERE name = $1 AND instance = $2::uuid AND alive RETURNING rate_share";
constexpr const char* kDeclareDead =
    "UPDATE attestrd.node SET alive = false "
    "WHERE name = $1 AND instance = $2::uuid AND beat = $3 RETURNING name";

constexpr const char* kStopWriter =
    "UPDATE attestrd.writer SET round = round + 1 WHERE instance = $1::uuid";
// The owner is an instance that no living node has: a dead one, or one that no row names.
constexpr const char* kTakeOver =
    "UPDATE attestrd.shelf SET instance = $4::uuid, node = $5::int, "
    "epoch = greatest(epoch, $6::bigint) + 1 "
    "WHERE shelf = $1 AND instance = $2::uuid AND epoch = $3 "
    "AND NOT EXISTS (SELECT FROM attestrd.node WHERE instance = $2::uuid AND alive) "
    "AND EXISTS (SELECT FROM attestrd.node WHERE instance = $4::uuid AND alive)";
constexpr const char* kIsTaken =
    "SELECT epoch FROM attestrd.shelf "
    "WHERE shelf = $1 AND instance = $2::uuid AND epoch > $3::bigint";

FleetNode read_node(const PostgresResult& rows, std::size_t i) {
  FleetNode node{std::string(rows.text(i, 0)),
                 std::string(rows.text(i, 1)),
                 std::string(rows.text(i, 2)),
                 rows.number(i, 3),
                 rows.flag(i, 4),
                 rows.number(i, 5),
                 rows.number(i, 6)};
  if (!rows.is_null(i, 7))
    node.rate_limit = std::strtod(std::string(rows.text(i, 7)).c_str(), nullptr);
  node.version = rows.number(i, 8);
  node.boot = rows.text(i, 9);
  return node;
}

FleetState read_states(const PostgresResult& rows) {
  FleetState fleet;
  auto& nodes = fleet.nodes;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const ShelfLease shelf{rows.number(i, 10), rows.number(i, 11)};
    if (rows.is_null(i, 0)) {
      fleet.orphans.push_back({std::string(rows.text(i, 12)), shelf});
      continue;
    }
    if (nodes.empty() || nodes.back().name != rows.text(i, 0)) nodes.push_back(read_node(rows, i));
    if (!rows.is_null(i, 10)) nodes.back().shelves.push_back(shelf);
  }
  return fleet;
}

FleetState read_fleet(const PostgresResult& states, const PostgresResult& shared) {
  auto fleet = read_states(states);
  if (shared.rows() == 0) return fleet;
  fleet.paused_since = shared.time(0, 0);
  fleet.minute = static_cast<std::uint64_t>(shared.number(0, 1));
  fleet.is_replication_synchronous = shared.flag(0, 2);
  fleet.standbys = shared.number(0, 3);
  fleet.foreign_staged = static_cast<std::uint64_t>(shared.number(0, 4));
  fleet.account.number = shared.number(0, 5);
  if (!shared.is_null(0, 6)) fleet.account.reason = shared.text(0, 6);
  if (!shared.is_null(0, 7)) fleet.account.canary = shared.text(0, 7);
  fleet.account.since = shared.time(0, 8);
  return fleet;
}

/// Runs statements as one transaction, and returns their results alone.
Result<std::vector<PostgresResult>> run_transaction(PostgresConnection& connection,
                                                    PostgresPipeline steps) {
  auto pipeline = begin_transaction(connection);
  const auto before = static_cast<std::ptrdiff_t>(pipeline.size());
  for (auto& step : steps) pipeline.push_back(std::move(step));
  pipeline.push_back({"COMMIT"});
  auto results = connection.run(pipeline);
  if (!results) return results;
  results->erase(results->begin(), results->begin() + before);
  return results;
}

Error other_node(const std::string& spool, std::string_view other, const std::string& node) {
  return fail(Errc::already_exists,
              "the spool " + spool + " belongs to the node " + std::string(other) + ", not to " +
                  node + ": a machine was cloned with its spool, or " +
                  "`postgres.node` was changed; give a copied machine a new spool");
}

Error is_alive(const std::string& node, const PostgresResult& row) {
  return fail(Errc::already_exists, "a node with the name " + node + " is alive (instance " +
                                        std::string(row.text(0, 2)) + ", beat " +
                                        std::to_string(row.number(0, 3)) +
                                        "): give each daemon a `postgres.node` of its own");
}

}  // namespace

PostgresPipeline begin_transaction(const PostgresConnection& connection) {
  const auto most = std::chrono::floor<std::chrono::milliseconds>(connection.answer_within());
  const auto lock = std::max<std::int64_t>(most.count() * 8 / 10, 1);
  return {{"BEGIN ISOLATION LEVEL READ COMMITTED"},
          {kSettings, {std::to_string(most.count()), std::to_string(lock)}}};
}

Result<std::string> new_instance(PostgresConnection& connection) {
  const auto made = connection.run({{"SELECT gen_random_uuid()"}});
  if (!made) return made.error();
  return std::string(made->front().text(0, 0));
}

Result<Membership> enter_fleet(PostgresConnection& connection, const NodeProcess& process,
                               const std::optional<FormerInstance>& silent) {
  const auto& [node, spool, instance, boot, claimed] = process;
  const auto version_text = std::to_string(kPostgresSchemaVersion);
  auto begin = begin_transaction(connection);
  begin.push_back({kInsertNode, {node, spool, instance, version_text}});
  begin.push_back({kLockNode, {node}});
  begin.push_back({kSpoolNode, {spool}});
  const auto begun = connection.run(begin);
  if (!begun) return begun.error();
  const auto& row = (*begun)[begun->size() - 2];
  const auto& owner = begun->back();
  const bool has_owner = owner.rows() != 0;
  if (row.rows() == 0 || (has_owner && owner.text(0, 0) != node)) {
    connection.roll_back();
    return other_node(spool, has_owner ? owner.text(0, 0) : "of another name", node);
  }
  const std::string former(row.text(0, 2));
  const bool is_silent = silent && silent->instance == former &&
                         silent->beat.value_or(row.number(0, 3)) == row.number(0, 3);
  if (row.flag(0, 4) && former != instance && !is_silent) {
    connection.roll_back();
    return is_alive(node, row);
  }
  const auto number = row.number(0, 0);
  const auto number_text = std::to_string(number);
  const auto done =
      connection.run({{kEnterNode, {node, spool, instance, version_text, boot}},
                      {kEnterWriter, {number_text, instance}},
                      {kRaiseShelves, {number_text, instance, std::to_string(claimed)}},
                      {kMakeShelves, {number_text, instance, std::to_string(kShelvesPerNode)}},
                      {kShelves, {instance}},
                      {"COMMIT"}});
  if (!done) return done.error();
  Membership member{process, number, (*done)[1].number(0, 0), {}};
  const auto& shelves = (*done)[4];
  for (std::size_t i = 0; i < shelves.rows(); ++i)
    member.shelves.push_back({shelves.number(i, 0), shelves.number(i, 1)});
  return member;
}

Result<void> leave_fleet(PostgresConnection& connection, const std::string& node,
                         const std::string& instance) {
  const auto left = run_transaction(connection, {{kLeave, {node, instance}}});
  if (!left) return left.error();
  return {};
}

Result<std::optional<FleetState>> send_beat(PostgresConnection& connection, const std::string& node,
                                            const std::string& instance, const Beat& beat) {
  const auto limit =
      beat.rate_limit ? PostgresValue(std::to_string(*beat.rate_limit)) : std::nullopt;
  const auto daily = beat.daily ? PostgresValue(std::to_string(*beat.daily)) : std::nullopt;
  const auto sent = run_transaction(
      connection, {{kBeat, {node, instance, std::to_string(beat.weight), limit, daily}},
                   wish_pause(instance, beat.account),
                   {kStates, {std::nullopt}},
                   {kShared},
                   read_requests(instance)});
  if (!sent) return sent.error();
  if (sent->front().rows() == 0) return std::optional<FleetState>();
  auto fleet = read_fleet((*sent)[2], (*sent)[3]);
  auto requests = requests_in((*sent)[4], connection);
  if (!requests) return requests.error();
  fleet.requests = std::move(*requests);
  return std::optional(std::move(fleet));
}

Result<std::int64_t> set_shares(PostgresConnection& connection, const std::string& node,
                                const std::string& instance, std::int64_t wanted,
                                std::int64_t all) {
  // The second statement sees what others have committed before the lock was granted.
  const auto set = run_transaction(
      connection, {{kLockAccount},
                   {kSetShares, {node, instance, std::to_string(wanted), std::to_string(all)}}});
  if (!set) return set.error();
  return (*set)[1].rows() == 0 ? 0 : (*set)[1].number(0, 0);
}

Result<std::optional<FleetNode>> find_node(PostgresConnection& connection,
                                           const std::string& node) {
  const auto found = connection.run({{kStates, {node}}});
  if (!found) return found.error();
  auto nodes = read_states(found->front()).nodes;
  return nodes.empty() ? std::optional<FleetNode>() : std::optional(std::move(nodes.front()));
}

Result<FleetState> observe_fleet(PostgresConnection& connection) {
  const auto found = connection.run({{kStates, {std::nullopt}}, {kShared}});
  if (!found) return found.error();
  return read_fleet(found->front(), found->back());
}

Result<bool> declare_dead(PostgresConnection& connection, const std::string& node,
                          const BeatSeen& seen) {
  const auto declared = run_transaction(
      connection, {{kDeclareDead, {node, seen.instance, std::to_string(seen.beat)}}});
  if (!declared) return declared.error();
  return declared->front().rows() == 1;
}

Result<std::optional<std::int64_t>> take_over_shelf(PostgresConnection& connection,
                                                    const OrphanShelf& orphan,
                                                    const Membership& own, std::int64_t claimed) {
  const auto shelf = std::to_string(orphan.shelf.shelf);
  const auto epoch = std::to_string(orphan.shelf.epoch);
  const auto taken =
      run_transaction(connection, {{kStopWriter, {orphan.instance}},
                                   {kTakeOver,
                                    {shelf, orphan.instance, epoch, own.instance,
                                     std::to_string(own.number), std::to_string(claimed)}},
                                   {kIsTaken, {shelf, own.instance, epoch}}});
  if (!taken) return taken.error();
  const auto& row = (*taken)[2];
  if (row.rows() == 0) return std::optional<std::int64_t>();
  return std::optional(row.number(0, 0));
}

}  // namespace attestrd
