#include "queue/postgres/postgres_move.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <variant>

#include "handshake/handshake_names.h"
#include "queue/postgres/batch_decisions.h"
#include "queue/postgres/postgres_connection.h"
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
constexpr const char* kPutRows =
    "INSERT INTO attestrd.handshake (id, shelf, state, tag, submitted_at, expiry, boot_node, boot, "
    "polls, last_pending_at, attempt, is_held, signature, spool, outcome, reason, finished_at, "
    "length_bytes, sha256, readmitted_from, diverted_to, ended_node, running_ms) "
    "SELECT u.id, u.shelf, u.state, decode(u.tag, 'hex'), u.submitted_at, u.expiry, $1::int, "
    "u.boot, u.polls, u.last_pending_at, u.attempt, u.is_held, decode(u.signature, 'hex'), "
    "CASE WHEN u.state = 'staged' THEN $2::uuid END, u.outcome, u.reason, u.finished_at, "
    "u.length_bytes, decode(u.sha256, 'hex'), decode(u.readmitted_from, 'hex'), "
    "decode(u.diverted_to, 'hex'), CASE WHEN u.state = 'done' THEN $1::int END, u.running_ms "
    "FROM unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], "
    "$9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::boolean[], $14::text[], "
    "$15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::text[], $20::text[], "
    "$21::text[], $22::bigint[]) AS u(id, shelf, state, tag, submitted_at, expiry, boot, polls, "
    "last_pending_at, attempt, is_held, signature, outcome, reason, finished_at, length_bytes, "
    "sha256, readmitted_from, diverted_to, running_ms) "
    "ON CONFLICT (id) DO NOTHING RETURNING id";

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

std::string_view text_of(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void add_signature(PostgresArray& column, const std::optional<SignaturePrefix>& signature) {
  if (signature)
    column.add_hex(text_of(*signature));
  else
    column.add_null();
}

/// The columns of kPutRows in the order of its arrays.
class RowColumns {
 public:
  RowColumns(std::int64_t boots_before, Duration running_before,
             const std::vector<BootClock>& clocks, const BatchDecisions& shelves)
      : boots_before_(boots_before),
        running_before_(running_before),
        clocks_(clocks),
        shelves_(shelves) {}

  void add(const MovedRow& row) {
    const auto& [any, again, signature] = row.saved;
    if (const auto* const queued = std::get_if<QueuedHandshake>(&any)) {
      add_pending(*queued, RowState::polling, signature);
      for (std::size_t i = 12; i < columns_.size(); ++i) columns_[i].add_null();
    } else if (const auto* const ended = std::get_if<Tombstone>(&any)) {
      add_ended(*ended, row.running);
    } else {
      const auto& staged = std::get<StagedHandshake>(any);
      add_pending(*again, RowState::staged, signature);
      columns_[12].add(attestrd::name_of(staged.outcome));
      columns_[13].add(attestrd::name_of(staged.reason));
      columns_[14].add(std::optional(staged.finished_at));
      columns_[15].add(static_cast<std::int64_t>(staged.record.length_bytes));
      columns_[16].add_hex(text_of(staged.record.sha256));
      columns_[17].add_hex(staged.readmitted_from);
      columns_[18].add_null();
      columns_[19].add_null();
    }
  }

  void move_to(std::vector<PostgresValue>& parameters) {
    for (auto& column : columns_) parameters.emplace_back(column.take());
  }

 private:
  void add_pending(const QueuedHandshake& row, RowState state,
                   const std::optional<SignaturePrefix>& signature) {
    columns_[0].add(row.id.view());
    columns_[1].add(shelves_.shelf_for(row.id));
    columns_[2].add(name_of(state));
    columns_[3].add_hex(row.tag);
    columns_[4].add(std::optional(row.submitted_at - shift_of(row.boot)));
    columns_[5].add(row.expiry);
    columns_[6].add(row.boot == 0 ? row.boot : row.boot + boots_before_);
    columns_[7].add(std::int64_t{row.polls});
    columns_[8].add(row.last_pending_at);
    columns_[9].add(std::int64_t{row.attempt});
    columns_[10].add(row.is_held);
    add_signature(columns_[11], signature);
  }

  void add_ended(const Tombstone& ended, Duration running) {
    QueuedHandshake row{ended.id, ended.tag, ended.finished_at, {}, {}};
    row.attempt = ended.attempt;
    add_pending(row, RowState::done, ended.signature);
    columns_[12].add(attestrd::name_of(ended.outcome));
    columns_[13].add_null();
    columns_[14].add(std::optional(ended.finished_at));
    for (std::size_t i = 15; i < 18; ++i) columns_[i].add_null();
    columns_[18].add_hex(ended.diverted_to);
    columns_[19].add(milliseconds_of(running_before_ + running));
  }

  Duration shift_of(std::int64_t boot) const {
    const auto clock = std::ranges::find(clocks_, boot, &BootClock::number);
    if (clock == clocks_.end()) return {};
    return std::chrono::floor<std::chrono::milliseconds>(clock->shift);
  }

  std::array<PostgresArray, 20> columns_;
  std::int64_t boots_before_;
  Duration running_before_;
  const std::vector<BootClock>& clocks_;
  const BatchDecisions& shelves_;
};

/// Returns the ids of rows that are no tombstones and were not inserted.
std::vector<HandshakeId> not_inserted(std::span<const MovedRow> rows,
                                      const PostgresResult& inserted) {
  std::vector<std::string_view> done;
  for (std::size_t i = 0; i < inserted.rows(); ++i) done.push_back(inserted.text(i, 0));
  std::ranges::sort(done);
  std::vector<HandshakeId> others;
  for (const auto& row : rows) {
    if (std::holds_alternative<Tombstone>(row.saved.row)) continue;
    const auto& id =
        std::visit([](const auto& any) -> const HandshakeId& { return any.id; }, row.saved.row);
    if (!std::ranges::binary_search(done, id.view())) others.push_back(id);
  }
  return others;
}

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
  boots_before_ = row.number(0, 1);
  running_before_ = Duration(row.number(0, 2));
  return {};
}

void PostgresMove::roll_back() { connection_->roll_back(); }

Result<void> PostgresMove::put_facts(const MovedFacts& facts) {
  clocks_ = facts.clocks;
  const auto node = std::to_string(member_.number);
  PostgresPipeline pipeline;
  for (const auto& clock : clocks_)
    pipeline.push_back({kPutClock,
                        {node, std::to_string(clock.number + boots_before_), clock.id,
                         std::to_string(clock.reading.mono.time_since_epoch().count()),
                         std::to_string(clock.reading.wall.time_since_epoch().count()),
                         std::to_string(clock.shift.count()),
                         std::to_string((clock.running + running_before_).count())}});
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
  std::vector<std::int64_t> shelves;
  for (const auto& lease : member_.shelves) shelves.push_back(lease.shelf);
  const BatchDecisions decisions(shelves, 0, true);
  RowColumns columns(boots_before_, running_before_, clocks_, decisions);
  for (const auto& row : rows) columns.add(row);
  PostgresStatement insert{kPutRows, {std::to_string(member_.number), member_.spool}};
  columns.move_to(insert.parameters);
  const auto inserted = connection_->run({std::move(insert)});
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
  clocks_ = facts.clocks;
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
  const auto now = clocks_.empty() ? Duration(0) : clocks_.back().running;
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
