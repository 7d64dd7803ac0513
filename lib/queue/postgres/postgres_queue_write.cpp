// The write of a batch by PostgresQueue.

#include <algorithm>
#include <limits>
#include <utility>

#include "queue/postgres/operators/postgres_requests.h"
#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_queue.h"
#include "queue/postgres/postgres_row_reader.h"
#include "queue/postgres/postgres_row_writer.h"
#include "queue/postgres/postgres_rows.h"

namespace attestrd {
namespace {

constexpr int kTries = 5;  // The most for a batch, while other transactions are in the way.

constexpr const char* kCheck = "SELECT version FROM attestrd.schema_version";
// One statement, and so one state of both tables: if a shelf moves later, the round has moved too.
constexpr const char* kFence =
    "SELECT w.round, s.shelf, s.epoch FROM attestrd.writer w "
    "LEFT JOIN attestrd.shelf s ON s.instance = w.instance "
    "WHERE w.node = $1::int AND w.instance = $2::uuid";
constexpr const char* kForeignShelf =
    "SELECT s.shelf FROM attestrd.shelf s JOIN attestrd.node n ON n.instance = s.instance "
    "ORDER BY n.alive DESC, s.shelf LIMIT 1";
constexpr const char* kSaveClock =
    "INSERT INTO attestrd.boot (node, number, id, mono_us, wall_us, shift_us, running_us) "
    "VALUES ($1::int, $2, $3, $4, $5, $6, $7) ON CONFLICT (node, number) DO UPDATE SET "
    "id = excluded.id, mono_us = excluded.mono_us, wall_us = excluded.wall_us, "
    "shift_us = excluded.shift_us, running_us = excluded.running_us";

constexpr const char* kLockAccount = "SELECT line FROM attestrd.account FOR UPDATE";
// The lowest limit of a living node holds for all.
constexpr const char* kReserve =
    "INSERT INTO attestrd.reservation (day, node, requests) SELECT $1::bigint, $2::int, "
    "least($3::bigint, greatest(coalesce((SELECT min(daily) FROM attestrd.node WHERE alive), "
    "9223372036854775807) - coalesce((SELECT sum(requests) FROM attestrd.reservation "
    "WHERE day = $1::bigint AND node <> $2::int), 0), 0))::bigint "
    "ON CONFLICT (day, node) DO UPDATE SET requests = excluded.requests RETURNING requests";
constexpr const char* kReservedOfDay =
    "SELECT requests FROM attestrd.reservation WHERE day = $1::bigint AND node = $2::int";
constexpr const char* kForgetDays =
    "DELETE FROM attestrd.reservation WHERE node = $2::int AND day < $1::bigint - 7";
constexpr const char* kKnownBefore = "SELECT text FROM attestrd.learnt WHERE node = $1::int";
constexpr const char* kSaveLearnt =
    "INSERT INTO attestrd.learnt (node, text) VALUES ($1::int, $2) "
    "ON CONFLICT (node) DO UPDATE SET text = excluded.text";
constexpr const char* kSavePause = "UPDATE attestrd.account SET operator_pause_since = $1::bigint";

// The last statement before COMMIT. It fails if this process was replaced or a shelf of it was
// taken over since the batch was begun, or if an earlier try of the batch, whose answer was lost,
// is committed meanwhile. Whoever replaces the process or takes over a shelf changes this row
// first, and so waits for a commit that has come this far.
constexpr const char* kGuard =
    "WITH done AS (UPDATE attestrd.writer SET round = round + 1 WHERE node = $1::int "
    "AND instance = $2::uuid AND round = $3::bigint RETURNING 1) SELECT 1 / count(*) FROM done";

bool is_empty(const QueueBatch& batch) {
  return batch.clocks.empty() && batch.changes.empty() && batch.submissions.empty() &&
         !batch.reserve && !batch.learnt && !batch.purge && !batch.pause && batch.requests.empty();
}

const HandshakeId& id_of(const Progress& progress) { return progress.id; }
const HandshakeId& id_of(const Stage& stage) { return stage.handshake.id; }
const HandshakeId& id_of(const Unstage& unstage) { return unstage.id; }
const HandshakeId& id_of(const Done& done) { return done.id; }
const HandshakeId& id_of(const Reopen& reopen) { return reopen.id; }
const HandshakeId& id_of(const Readmit& readmit) { return readmit.handshake.id; }
const HandshakeId& id_of(const SetHeld& hold) { return hold.id; }

/// Returns the ids of all changes, sorted, each once.
std::vector<HandshakeId> ids_of(const std::vector<RowChange>& changes) {
  std::vector<HandshakeId> ids;
  ids.reserve(changes.size());
  for (const auto& change : changes)
    ids.push_back(std::visit([](const auto& one) { return id_of(one); }, change));
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

/// Returns the first submission of each id, sorted by id.
std::vector<const Submission*> first_of_each(const std::vector<Submission>& submissions) {
  std::vector<const Submission*> sorted;
  sorted.reserve(submissions.size());
  for (const auto& submission : submissions) sorted.push_back(&submission);
  std::ranges::stable_sort(sorted, {}, &Submission::id);
  sorted.erase(std::ranges::unique(sorted, {}, &Submission::id).begin(), sorted.end());
  return sorted;
}

PostgresStatement save_clock(const Membership& member, const BootClock& clock) {
  return {kSaveClock,
          {std::to_string(member.number), std::to_string(clock.number), clock.id,
           std::to_string(clock.reading.mono.time_since_epoch().count()),
           std::to_string(clock.reading.wall.time_since_epoch().count()),
           std::to_string(clock.shift.count()), std::to_string(clock.running.count())}};
}

std::string number_of(std::uint64_t requests) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return std::to_string(std::min(requests, kMost));
}

}  // namespace

/// A batch whose rows have been read and whose new ids are inserted, in an open transaction.
struct PostgresQueue::Begun {
  std::int64_t round = 0;
  bool is_fence_ours = false;
  BatchDecisions decisions;
  std::vector<HandshakeId> merged;  ///< Ids of submissions that have rows already.
};

Result<QueueBatchResult> PostgresQueue::write(const QueueBatch& batch, Wall now) {
  if (is_empty(batch)) {
    const auto there = ask({kCheck});
    if (!there) return there.error();
    return QueueBatchResult{};
  }
  if (const auto entered = finish_entering(); !entered) return entered.error();
  if (batch.learnt)
    if (const auto read = read_known_before(); !read) return read.error();
  for (int i = 0; i < kTries; ++i) {
    auto written = try_write(batch, now);
    if (written && *written) return std::move(**written);
    if (!written && !connection_->is_conflict()) return written.error();
  }
  return fail(Errc::unavailable, "the database " + connection_->name() +
                                     ": other transactions were in the way of this one");
}

/// Returns nothing, with the transaction rolled back, if the batch must be decided anew.
Result<std::optional<QueueBatchResult>> PostgresQueue::try_write(const QueueBatch& batch,
                                                                 Wall now) {
  auto begun = begin(batch, now);
  if (!begun) return begun.error();
  if (!*begun) return std::optional<QueueBatchResult>();
  const auto is_complete = read_merged(**begun);
  if (!is_complete) {
    connection_->roll_back();
    return is_complete.error();
  }
  if (!*is_complete) {
    connection_->roll_back();
    return std::optional<QueueBatchResult>();
  }
  auto result = commit(**begun, batch, now);
  if (!result) return result.error();
  return std::optional(std::move(*result));
}

/// The first pipeline.
Result<std::optional<PostgresQueue::Begun>> PostgresQueue::begin(const QueueBatch& batch,
                                                                 Wall now) {
  if (shelves_.empty() && foreign_shelf_ == 0)
    if (const auto found = find_foreign_shelf(); !found) return found.error();
  Begun begun{0, false, BatchDecisions(shelves_, foreign_shelf_, false), {}};
  const auto submissions = first_of_each(batch.submissions);
  auto pipeline = begin_transaction(*connection_);
  const auto fence_at = pipeline.size();
  pipeline.push_back({kFence, {std::to_string(member_.number), member_.instance}});
  for (const auto& clock : batch.clocks) pipeline.push_back(save_clock(member_, clock));
  const auto rows_at = pipeline.size();
  if (!batch.changes.empty()) pipeline.push_back(read_rows(member_, ids_of(batch.changes)));
  if (!submissions.empty())
    pipeline.push_back(insert_rows(member_, batch, now, submissions, begun.decisions));
  const auto results = connection_->run(pipeline);
  if (!results) return results.error();

  const auto& fence = (*results)[fence_at];
  if (is_behind(fence, 0) || fence.rows() == 0) {
    connection_->roll_back();
    const auto is_repaired = repair_if_behind(fence, 0);
    if (!is_repaired) return is_repaired.error();
    if (*is_repaired) return std::optional<Begun>();
    return fail(Errc::io_failure, "another process has entered the fleet as the node " +
                                      member_.node + ": this one must end");
  }
  if (has_lost_a_shelf(fence)) {
    connection_->roll_back();
    return std::optional<Begun>();
  }
  begun.round = fence.number(0, 0);
  begun.is_fence_ours = batch.fence.generation == generation_ && !shelves_.empty();
  begun.decisions = BatchDecisions(shelves_, foreign_shelf_, begun.is_fence_ours);
  if (!batch.changes.empty())
    if (const auto added = add_rows((*results)[rows_at], begun.decisions); !added) {
      connection_->roll_back();
      return added.error();
    }
  if (submissions.empty()) return std::optional(std::move(begun));
  const auto& inserted = results->back();
  std::vector<std::string_view> new_ids;
  for (std::size_t i = 0; i < inserted.rows(); ++i) new_ids.push_back(inserted.text(i, 0));
  std::ranges::sort(new_ids);
  for (const auto* const submission : submissions)
    if (!std::ranges::binary_search(new_ids, submission->id.view()))
      begun.merged.push_back(submission->id);
  return std::optional(std::move(begun));
}

/// Notes the shelves that this process still has, and returns whether those are fewer than before.
bool PostgresQueue::has_lost_a_shelf(const PostgresResult& fence) {
  std::vector<std::int64_t> ours;
  for (std::size_t i = 0; i < fence.rows(); ++i) {
    const auto known = known_.find(fence.number(i, 1));
    if (known != known_.end() && known->second == fence.number(i, 2)) ours.push_back(known->first);
  }
  std::ranges::sort(ours);
  return std::exchange(shelves_, ours) != ours;
}

Result<void> PostgresQueue::find_foreign_shelf() {
  const auto found = ask({kForeignShelf});
  if (!found) return found.error();
  if (found->rows() == 0) return fail(Errc::unavailable, "the fleet has no shelf");
  foreign_shelf_ = found->number(0, 0);
  return {};
}

Result<void> PostgresQueue::add_rows(const PostgresResult& rows, BatchDecisions& decisions) const {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    auto read = read_row(rows, i);
    if (!read) return broken_row(*connection_);
    read->row.is_ours = is_ours(*read);
    decisions.add(std::move(read->row));
  }
  return {};
}

/// Reads the rows of the submissions that were not inserted. Returns false if another transaction
/// has removed one of them meanwhile.
Result<bool> PostgresQueue::read_merged(Begun& begun) {
  auto& decisions = begun.decisions;
  std::erase_if(begun.merged, [&decisions](const auto& id) { return decisions.has(id); });
  if (begun.merged.empty()) return true;
  const auto rows = ask(read_rows(member_, begun.merged));
  if (!rows) return rows.error();
  if (rows->rows() != begun.merged.size()) return false;
  if (const auto added = add_rows(*rows, decisions); !added) return added.error();
  return true;
}

/// Decides the batch and sends the second pipeline.
Result<QueueBatchResult> PostgresQueue::commit(Begun& begun, const QueueBatch& batch, Wall now) {
  QueueBatchResult result;
  for (const auto& change : batch.changes) result.changes.push_back(begun.decisions.apply(change));
  for (const auto& submission : batch.submissions)
    result.acceptances.push_back(begun.decisions.accept(submission, batch, now));
  auto pipeline = changes_of(begun, batch);
  const auto node = std::to_string(member_.number);
  const auto reserve_at = pipeline.size();
  if (batch.reserve) {
    const auto day = std::to_string(batch.reserve->day);
    if (begun.is_fence_ours)
      pipeline.push_back({kReserve, {day, node, number_of(batch.reserve->requests)}});
    else
      pipeline.push_back({kReservedOfDay, {day, node}});
  }
  const auto purge_at = pipeline.size() + 1;
  if (batch.purge)
    for (auto& step : purge_rows(member_, *batch.purge, batch.running))
      pipeline.push_back(std::move(step));
  if (const auto done = done_requests(batch, result.changes); !done.empty())
    pipeline.push_back(remove_requests(done));
  pipeline.push_back({kGuard, {node, member_.instance, std::to_string(begun.round)}});
  pipeline.push_back({"COMMIT"});
  const auto results = connection_->run(pipeline);
  if (!results) return results.error();
  if (batch.reserve) {
    const auto& row = (*results)[reserve_at];
    const auto granted = row.rows() == 0 ? 0 : static_cast<std::uint64_t>(row.number(0, 0));
    result.reserved = DayRequests{batch.reserve->day, granted};
  }
  if (batch.purge) result.purged = (*results)[purge_at].changed();
  note_committed(begun.decisions, batch, begun.round + 1);
  return result;
}

/// Returns the statements of the second pipeline that come before the reservation.
PostgresPipeline PostgresQueue::changes_of(const Begun& begun, const QueueBatch& batch) const {
  PostgresPipeline pipeline;
  const auto node = std::to_string(member_.number);
  if (const auto rows = begun.decisions.changed(); !rows.empty())
    pipeline.push_back(update_rows(member_, batch, rows));
  if (batch.learnt && begun.is_fence_ours) {
    Hazard known = *known_before_;
    known.merge(*batch.learnt);
    pipeline.push_back({kSaveLearnt, {node, known.write()}});
  }
  if (batch.pause) {
    const auto& since = batch.pause->since;
    pipeline.push_back(
        {kSavePause,
         {since ? PostgresValue(std::to_string(milliseconds_of(*since))) : std::nullopt}});
  }
  if (batch.reserve && begun.is_fence_ours) {
    pipeline.push_back({kForgetDays, {std::to_string(batch.reserve->day), node}});
    pipeline.push_back({kLockAccount});
  }
  return pipeline;
}

Result<void> PostgresQueue::read_known_before() {
  if (known_before_) return {};
  const auto saved = ask({kKnownBefore, {std::to_string(member_.number)}});
  if (!saved) return saved.error();
  const auto known = saved->rows() == 0 ? std::nullopt : Hazard::read(saved->text(0, 0));
  known_before_ = known.value_or(Hazard());
  return {};
}

}  // namespace attestrd
