#include "queue/postgres/postgres_nodes.h"

#include <algorithm>
#include <chrono>
#include <utility>

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

constexpr const char* kStates =
    "SELECT n.name, n.spool, n.instance, n.beat, n.alive, n.weight, n.rate_share, n.version, "
    "s.shelf, s.epoch FROM attestrd.node n LEFT JOIN attestrd.shelf s ON s.instance = n.instance "
    "WHERE $1::text IS NULL OR n.name = $1 ORDER BY n.name, s.shelf";

/// Two processes that enter at the same time wait for each other here.
constexpr const char* kInsertNode =
    "INSERT INTO attestrd.node (name, spool, instance, version, alive) "
    "VALUES ($1, $2::uuid, $3::uuid, $4, false) ON CONFLICT DO NOTHING";
constexpr const char* kLockNode =
    "SELECT number, spool, instance, beat, alive FROM attestrd.node WHERE name = $1 FOR UPDATE";
constexpr const char* kSpoolNode = "SELECT name FROM attestrd.node WHERE spool = $1::uuid";

constexpr const char* kEnterNode =
    "UPDATE attestrd.node SET spool = $2::uuid, instance = $3::uuid, version = $4, alive = true, "
    "beat = CASE WHEN instance = $3::uuid THEN beat ELSE 0 END WHERE name = $1";
constexpr const char* kEnterWriter =
    "INSERT INTO attestrd.writer (node, instance) VALUES ($1, $2::uuid) ON CONFLICT (node) "
    "DO UPDATE SET instance = excluded.instance, round = attestrd.writer.round + 1";
constexpr const char* kRaiseShelves =
    "UPDATE attestrd.shelf SET instance = $2::uuid, epoch = epoch + 1 "
    "WHERE instance = $1::uuid AND instance <> $2::uuid";
constexpr const char* kMakeShelves =
    "INSERT INTO attestrd.shelf (home, instance) SELECT $1, $2::uuid FROM generate_series(1, $3) "
    "WHERE NOT EXISTS (SELECT FROM attestrd.shelf WHERE instance = $2::uuid)";
constexpr const char* kShelves =
    "SELECT shelf, epoch FROM attestrd.shelf WHERE instance = $1::uuid ORDER BY shelf";

constexpr const char* kBeat =
    "UPDATE attestrd.node SET beat = beat + 1, weight = $3 "
    "WHERE name = $1 AND instance = $2::uuid AND alive RETURNING beat";
constexpr const char* kDeclareDead =
    "UPDATE attestrd.node SET alive = false "
    "WHERE name = $1 AND instance = $2::uuid AND beat = $3 RETURNING name";

constexpr const char* kStopWriter =
    "UPDATE attestrd.writer SET round = round + 1 WHERE instance = $1::uuid";
constexpr const char* kTakeOver =
    "UPDATE attestrd.shelf SET instance = $4::uuid, epoch = epoch + 1 WHERE shelf = $1 "
    "AND instance = $2::uuid AND epoch = $3 "
    "AND EXISTS (SELECT FROM attestrd.node WHERE instance = $2::uuid AND NOT alive) "
    "AND EXISTS (SELECT FROM attestrd.node WHERE instance = $4::uuid AND alive)";
constexpr const char* kIsTaken =
    "SELECT epoch FROM attestrd.shelf "
    "WHERE shelf = $1 AND instance = $2::uuid AND epoch = $3::bigint + 1";

std::vector<NodeState> read_states(const PostgresResult& rows) {
  std::vector<NodeState> nodes;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (nodes.empty() || nodes.back().name != rows.text(i, 0))
      nodes.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)),
                       std::string(rows.text(i, 2)), rows.number(i, 3), rows.flag(i, 4),
                       rows.number(i, 5), rows.number(i, 6), rows.number(i, 7)});
    if (!rows.is_null(i, 8)) nodes.back().shelves.push_back({rows.number(i, 8), rows.number(i, 9)});
  }
  return nodes;
}

/// Runs a transaction whose last result is the wanted one.
Result<PostgresResult> run_transaction(PostgresConnection& connection, PostgresPipeline steps) {
  auto pipeline = begin_transaction(connection);
  for (auto& step : steps) pipeline.push_back(std::move(step));
  pipeline.push_back({"COMMIT"});
  auto results = connection.run(pipeline);
  if (!results) return results.error();
  return std::move((*results)[results->size() - 2]);
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

Result<Membership> enter_fleet(PostgresConnection& connection, const std::string& node,
                               const std::string& spool, const std::string& instance,
                               const std::optional<FormerInstance>& silent) {
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
  const auto done =
      connection.run({{kEnterNode, {node, spool, instance, version_text}},
                      {kEnterWriter, {std::to_string(number), instance}},
                      {kRaiseShelves, {former, instance}},
                      {kMakeShelves, {node, instance, std::to_string(kShelvesPerNode)}},
                      {kShelves, {instance}},
                      {"COMMIT"}});
  if (!done) return done.error();
  Membership member{node, spool, instance, number};
  const auto& shelves = (*done)[4];
  for (std::size_t i = 0; i < shelves.rows(); ++i)
    member.shelves.push_back({shelves.number(i, 0), shelves.number(i, 1)});
  return member;
}

Result<std::optional<std::int64_t>> send_beat(PostgresConnection& connection,
                                              const std::string& node, const std::string& instance,
                                              std::int64_t weight) {
  const auto sent =
      run_transaction(connection, {{kBeat, {node, instance, std::to_string(weight)}}});
  if (!sent) return sent.error();
  if (sent->rows() == 0) return std::optional<std::int64_t>();
  return std::optional(sent->number(0, 0));
}

Result<std::optional<NodeState>> find_node(PostgresConnection& connection,
                                           const std::string& node) {
  const auto found = connection.run({{kStates, {node}}});
  if (!found) return found.error();
  auto nodes = read_states(found->front());
  return nodes.empty() ? std::optional<NodeState>() : std::optional(std::move(nodes.front()));
}

Result<FleetState> observe_fleet(PostgresConnection& connection) {
  const auto found =
      connection.run({{kStates, {std::nullopt}},
                      {"SELECT current_setting('synchronous_standby_names') <> '' AND "
                       "current_setting('synchronous_commit') NOT IN ('off', 'local'), "
                       "(SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming')"}});
  if (!found) return found.error();
  const auto& replication = found->back();
  return FleetState{read_states(found->front()), replication.flag(0, 0), replication.number(0, 1)};
}

Result<bool> declare_dead(PostgresConnection& connection, const std::string& node,
                          const BeatSeen& seen) {
  const auto declared = run_transaction(
      connection, {{kDeclareDead, {node, seen.instance, std::to_string(seen.beat)}}});
  if (!declared) return declared.error();
  return declared->rows() == 1;
}

Result<std::optional<std::int64_t>> take_over_shelf(PostgresConnection& connection,
                                                    const ShelfLease& lease,
                                                    const std::string& dead_instance,
                                                    const std::string& own_instance) {
  const auto shelf = std::to_string(lease.shelf);
  const auto epoch = std::to_string(lease.epoch);
  const auto taken =
      run_transaction(connection, {{kStopWriter, {dead_instance}},
                                   {kTakeOver, {shelf, dead_instance, epoch, own_instance}},
                                   {kIsTaken, {shelf, own_instance, epoch}}});
  if (!taken) return taken.error();
  if (taken->rows() == 0) return std::optional<std::int64_t>();
  return std::optional(taken->number(0, 0));
}

}  // namespace attestrd
