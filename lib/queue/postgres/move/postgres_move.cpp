#include "queue/postgres/move/postgres_move.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <variant>

#include "handshake/handshake_names.h"
#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/move/postgres_moved_rows.h"
#include "queue/postgres/postgres_spools.h"
#include "schedule/hazard.h"

namespace attestrd {
namespace {

// A commit that is on its way has changed the row of the writer, which it waits for here.
constexpr const char* kStopSpool =
    "UPDATE attestrd.writer w SET round = w.round + 1 FROM attestrd.node n "
    "WHERE n.number = w.node AND n.spool = $1::uuid";
constexpr const char* kHasInstance = "SELECT count(*) FROM attestrd.node WHERE instance = $1::uuid";

constexpr const char* kOtherNodes =
    "SELECT name FROM attestrd.node WHERE alive AND instance <> $1::uuid ORDER BY name";
constexpr const char* kOtherRows =
    "SELECT coalesce(n.name, 'none'), count(*) FROM attestrd.handshake h "
    "LEFT JOIN attestrd.shelf s ON s.shelf = h.shelf LEFT JOIN attestrd.node n ON n.number = "
    "s.node "
    "WHERE h.state = 'polling' AND s.instance IS DISTINCT FROM $1::uuid GROUP BY 1 ORDER BY 1";

constexpr const char* kBegin =
    "SELECT w.round, coalesce((SELECT max(number) FROM attestrd.boot WHERE node = w.node), 0), "
    "coalesce((SELECT max(running_us) FROM attestrd.boot WHERE node = w.node), 0) "
    "FROM attestrd.writer w WHERE w.node = $1::int AND w.instance = $2::uuid";

constexpr const char* kPutClock =
    "INSERT INTO attestrd.boot (node, number, id, mono_us, wall_us, shift_us, running_us) "
    "VALUES ($1::int, $2, $3, $4, $5, $6, $7)";
constexpr const char* kPutLearnt =
    "INSERT INTO attestrd.learnt (node, text) VALUES ($1::int, $2) ON CONFLICT DO NOTHING";
constexpr const char* kPutReserved =
    "INSERT INTO attestrd.reservation (day, node, requests) VALUES ($1, $2::int, $3) "
    "ON CONFLICT (day, node) DO UPDATE SET requests = attestrd.reservation.requests "
    "+ excluded.requests";
constexpr const char* kPutPause =
    "UPDATE attestrd.account SET operator_pause_since = $1 WHERE operator_pause_since IS NULL";
const std::string kPage = std::string(kRowColumns) +
                          "attestrd.handshake h LEFT JOIN attestrd.shelf s ON s.shelf = h.shelf "
                          "LEFT JOIN attestrd.boot b ON b.node = h.boot_node AND b.number = h.boot "
                          "WHERE h.id > $3::text COLLATE \"C\" ORDER BY h.id LIMIT $4::bigint";
constexpr const char* kRemove =
    "DELETE FROM attestrd.handshake h USING unnest($1::text[], $2::bigint[]) AS u(id, revision) "
    "WHERE h.id = u.id AND h.revision = u.revision";
constexpr const char* kClocks =
    "SELECT number, id, mono_us, wall_us, shift_us, running_us FROM attestrd.boot "
    "WHERE node = $1::int ORDER BY number";
constexpr const char* kLearnt = "SELECT text FROM attestrd.learnt";
constexpr const char* kReserved =
    "SELECT day, sum(requests)::bigint FROM attestrd.reservation GROUP BY day "
    "ORDER BY day DESC LIMIT 1";
constexpr const char* kPause = "SELECT operator_pause_since FROM attestrd.account";
// The file is made durable before the commit, which may take long for a large queue. No other node
// lives that waits meanwhile.
constexpr const char* kWaitForFile =
    "SELECT set_config('idle_in_transaction_session_timeout', '600000', true)";
constexpr const char* kIsAllTaken =
    "SELECT 1 / CASE WHEN EXISTS (SELECT FROM attestrd.handshake) OR EXISTS (SELECT FROM "
    "attestrd.node WHERE alive AND instance <> $1::uuid) THEN 0 ELSE 1 END";

// In the order in which a process that enters locks these rows.
constexpr const char* kEndNode =
    "WITH done AS (UPDATE attestrd.node SET instance = $3::uuid, alive = false "
    "WHERE number = $1::int AND instance = $2::uuid AND alive RETURNING 1) "
    "SELECT 1 / count(*) FROM done";
constexpr const char* kEndWriter =
    "WITH done AS (UPDATE attestrd.writer SET instance = $3::uuid, round = round + 1 "
    "WHERE node = $1::int AND instance = $2::uuid AND round = $4::bigint RETURNING 1) "
    "SELECT 1 / count(*) FROM done";
constexpr const char* kEndShelves =
    "UPDATE attestrd.shelf SET instance = $2::uuid, epoch = epoch + 1 WHERE instance = $1::uuid";

/// Returns the results of statements after those that begin a transaction.
Result<std::vector<PostgresResult>> run_begun(PostgresConnection& connection,
                                              PostgresPipeline steps) {
  auto pipeline = begin_transaction(connection);
  const auto before = static_cast<std::ptrdiff_t>(pipeline.size());
  std::ranges::move(steps, std::back_inserter(pipeline));
  auto results = connection.run(pipeline);
  if (results) results->erase(results->begin(), results->begin() + before);
  return results;
}

}  // namespace

Result<bool> is_move_committed(PostgresConnection& connection, const std::string& spool,
                               const std::string& instance) {
  const auto found =
      run_begun(connection, {{kStopSpool, {spool}}, {kHasInstance, {instance}}, {"COMMIT"}});
  if (!found) return found.error();
  return (*found)[1].number(0, 0) != 0;
}

Result<void> check_sole_owner(PostgresConnection& connection, const Membership& member) {
  const auto found =
      connection.run({{kOtherNodes, {member.instance}}, {kOtherRows, {member.instance}}});
  if (!found) return found.error();
  std::string others;
  const auto& nodes = found->front();
  for (std::size_t i = 0; i < nodes.rows(); ++i)
    others += "; the node " + std::string(nodes.text(i, 0)) + " lives: stop it";
  const auto& rows = found->back();
  for (std::size_t i = 0; i < rows.rows(); ++i)
    others += "; " + std::string(rows.text(i, 1)) + " handshakes are those of the node " +
              std::string(rows.text(i, 0)) +
              ": start the daemon of this spool, which takes them over, and stop it again";
  const auto spools = staged_spools(connection);
  if (!spools) return spools.error();
  for (const auto& spool : *spools) {
    if (spool.spool == member.spool) continue;
    others += "; " + std::to_string(spool.records) + " records are on their way in the spool " +
              spool.spool + (spool.node.empty() ? "" : " of the node " + spool.node) +
              ": start its daemon, or see `attestrd fleet release`";
  }
  if (others.empty()) return {};
  return fail(Errc::unavailable,
              "the queue is not that of the node " + member.node + " alone" + others);
}

PostgresMove::PostgresMove(std::unique_ptr<PostgresConnection> connection, Membership member)
    : connection_(std::move(connection)), member_(std::move(member)) {}

PostgresMove::~PostgresMove() = default;

Result<void> PostgresMove::begin() {
  const auto begun =
      run_begun(*connection_, {{kBegin, {std::to_string(member_.number), member_.instance}}});
  if (!begun) return begun.error();
  const auto& row = begun->front();
  if (row.rows() == 0)
    return fail(Errc::unavailable, "another process has entered the fleet as the node " +
                                       member_.node + ": try again");
  round_ = row.number(0, 0);
  clocks_.boots_before = row.number(0, 1);
  clocks_.running_before = Duration(row.number(0, 2));
  return {};
}

void PostgresMove::roll_back() { connection_->roll_back(); }

Result<void> PostgresMove::put_facts(const MovedFacts& facts) {
  clocks_.moved = facts.clocks;
  const auto node = std::to_string(member_.number);
  PostgresPipeline pipeline;
  for (const auto& clock : clocks_.moved)
    pipeline.push_back({kPutClock,
                        {node, std::to_string(clock.number + clocks_.boots_before), clock.id,
                         std::to_string(clock.reading.mono.time_since_epoch().count()),
                         std::to_string(clock.reading.wall.time_since_epoch().count()),
                         std::to_string(clock.shift.count()),
                         std::to_string((clock.running + clocks_.running_before).count())}});
  if (!facts.learnt.empty()) pipeline.push_back({kPutLearnt, {node, facts.learnt}});
  if (facts.reserved)
    pipeline.push_back(
        {kPutReserved,
         {std::to_string(facts.reserved->day), node, std::to_string(facts.reserved->requests)}});
  pause_ = facts.pause;
  if (pipeline.empty()) return {};
  const auto put = connection_->run(pipeline);
  if (!put) return put.error();
  return {};
}

Result<std::vector<HandshakeId>> PostgresMove::put(std::span<const MovedRow> rows) {
  const auto inserted = connection_->run({insert_moved_rows(member_, clocks_, rows)});
  if (!inserted) return inserted.error();
  return not_inserted(rows, inserted->front());
}

Result<void> PostgresMove::finish_putting(const std::string& instance) {
  // Last: beats and batches of the nodes that live wait for the row of the account.
  PostgresPipeline pause;
  if (pause_.since) pause.push_back({kPutPause, {std::to_string(milliseconds_of(*pause_.since))}});
  return finish(std::move(pause), instance);
}

Result<MovedFacts> PostgresMove::take_facts() {
  const auto found = connection_->run({{kClocks, {std::to_string(member_.number)}},
                                       {kLearnt},
                                       {kReserved},
                                       {kPause},
                                       {kWaitForFile}});
  if (!found) return found.error();
  MovedFacts facts;
  const auto& clocks = found->front();
  for (std::size_t i = 0; i < clocks.rows(); ++i)
    facts.clocks.push_back(
        {clocks.number(i, 0),
         std::string(clocks.text(i, 1)),
         {Mono(Duration(clocks.number(i, 2))), Wall(Duration(clocks.number(i, 3)))},
         Duration(clocks.number(i, 4)),
         Duration(clocks.number(i, 5))});
  Hazard all;
  const auto& learnt = (*found)[1];
  for (std::size_t i = 0; i < learnt.rows(); ++i)
    if (const auto one = Hazard::read(learnt.text(i, 0))) all.merge(one->delta_since(Hazard()));
  if (learnt.rows() != 0) facts.learnt = all.write();
  const auto& reserved = (*found)[2];
  if (reserved.rows() != 0)
    facts.reserved =
        DayRequests{reserved.number(0, 0), static_cast<std::uint64_t>(reserved.number(0, 1))};
  facts.pause.since = (*found)[3].time(0, 0);
  clocks_.moved = facts.clocks;
  return facts;
}

Result<std::vector<MovedRow>> PostgresMove::take(std::size_t max) {
  const auto page = connection_->run(
      {{kPage.c_str(),
        {std::to_string(member_.number), member_.spool, taken_up_to_, std::to_string(max)}}});
  if (!page) return page.error();
  const auto& rows = page->front();
  std::vector<MovedRow> taken;
  PostgresArray ids, revisions;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    auto read = read_row(rows, i);
    if (!read) return broken_row(*connection_);
    ids.add(read->row.handshake.id.view());
    revisions.add(read->row.revision);
    taken_up_to_ = read->row.handshake.id.view();
    auto row = moved(std::move(*read));
    if (!row) return row.error();
    taken.push_back(std::move(*row));
  }
  if (taken.empty()) return taken;
  const auto removed = connection_->run({{kRemove, {ids.take(), revisions.take()}}});
  if (!removed) return removed.error();
  if (removed->front().changed() != taken.size())
    return fail(Errc::unavailable, "another node has changed a row meanwhile: try again");
  return taken;
}

/// Returns a row as a file stores it. A tombstone of another node ages anew, from the present
/// running time of this one.
Result<MovedRow> PostgresMove::moved(ReadRow read) const {
  auto& row = read.row;
  auto& handshake = row.handshake;
  if (row.state == RowState::polling) return MovedRow{{std::move(handshake), {}, row.signature}};
  auto& ending = *row.ending;
  if (row.state == RowState::staged) {
    if (!row.is_in_our_spool)
      return fail(Errc::unavailable, "a record is on its way in another spool: try again");
    ending.signature = row.signature;
    ending.attempt = handshake.attempt;
    return MovedRow{{std::move(ending), std::move(handshake), row.signature}};
  }
  const auto now = clocks_.moved.empty() ? Duration(0) : clocks_.moved.back().running;
  return MovedRow{
      {Tombstone{handshake.id, ending.outcome, ending.finished_at, std::move(handshake.tag),
                 handshake.attempt, row.signature, std::move(row.diverted_to)},
       {}},
      read.running.value_or(now)};
}

Result<void> PostgresMove::finish_taking(const std::string& instance) {
  return finish({{kIsAllTaken, {member_.instance}},
                 {"DELETE FROM attestrd.learnt"},
                 {"DELETE FROM attestrd.reservation"},
                 {"DELETE FROM attestrd.boot"},
                 {"UPDATE attestrd.account SET operator_pause_since = NULL"}},
                instance);
}

Result<void> PostgresMove::finish(PostgresPipeline before, const std::string& instance) {
  auto pipeline = std::move(before);
  const auto node = std::to_string(member_.number);
  pipeline.push_back({kEndNode, {node, member_.instance, instance}});
  pipeline.push_back({kEndWriter, {node, member_.instance, instance, std::to_string(round_)}});
  pipeline.push_back({kEndShelves, {member_.instance, instance}});
  pipeline.push_back({"COMMIT"});
  const auto done = connection_->run(pipeline);
  if (done) return {};
  if (connection_->is_conflict())
    return fail(Errc::unavailable, "another node has changed the fleet meanwhile: try again");
  is_outcome_unknown_ = done.error().code == Errc::unavailable;
  return done.error();
}

}  // namespace attestrd
