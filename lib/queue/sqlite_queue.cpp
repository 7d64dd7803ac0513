#include "queue/sqlite_queue.h"

#include <utility>

#include "files/posix_sync_times.h"
#include "queue/sqlite_clocks.h"
#include "queue/sqlite_copy.h"
#include "queue/sqlite_database.h"
#include "queue/sqlite_open.h"
#include "queue/sqlite_rows.h"

namespace attestrd {
namespace {

constexpr Fence kFence{1};

}  // namespace

SqliteQueue::SqliteQueue(std::unique_ptr<SqliteDatabase> database)
    : database_(std::move(database)),
      clocks_(std::make_unique<SqliteClocks>(*database_)),
      rows_(std::make_unique<SqliteRows>(*database_, *clocks_)) {}

SqliteQueue::~SqliteQueue() = default;

Result<std::unique_ptr<SqliteQueue>> SqliteQueue::make(
    Result<std::unique_ptr<SqliteDatabase>> opened, bool is_read_only) {
  if (!opened) return opened.error();
  std::unique_ptr<SqliteQueue> queue(new SqliteQueue(std::move(*opened)));
  if (const auto prepared = queue->rows_->prepare(is_read_only); !prepared) return prepared.error();
  if (const auto read = queue->clocks_->read(); !read) return read.error();
  queue->is_read_only_ = is_read_only;
  return queue;
}

Result<std::unique_ptr<SqliteQueue>> SqliteQueue::open(const std::string& path, const char* vfs) {
  return make(open_queue_file(path, vfs), false);
}

Result<std::unique_ptr<SqliteQueue>> SqliteQueue::open_read_only(const std::string& path) {
  return make(open_queue_file_read_only(path), true);
}

Result<Claim> SqliteQueue::claim(std::size_t max_rows) {
  Claim claim{kFence, {}};
  if (is_all_claimed_) return claim;
  auto page = rows_->polling_after(claimed_up_to_, max_rows);
  if (!page) return page.error();
  claim.rows = std::move(*page);
  is_all_claimed_ = claim.rows.size() < max_rows;
  if (!claim.rows.empty()) claimed_up_to_ = claim.rows.back().id.view();
  if (is_all_claimed_) database_->drop_cache();  // Hardly any page is read again.
  return claim;
}

Result<std::vector<HandshakeId>> SqliteQueue::renew() { return std::vector<HandshakeId>(); }

Result<QueueBatchResult> SqliteQueue::write(const QueueBatch& batch, Wall now) {
  auto& database = *database_;
  if (is_read_only_)
    return fail(Errc::io_failure, "the queue " + database.path() + " was opened to be read only");
  if (const auto there = database.check_place(); !there) return there.error();
  if (const auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun.error();
  auto result = apply(batch, now);
  if (result) {
    const TimedSync timed;
    if (const auto committed = database.execute("COMMIT"); !committed) result = committed.error();
  }
  if (!result) {
    // SQLite rolls back by itself after some errors. If this rollback fails, the transaction ends
    // with the process.
    if (database.is_in_transaction()) static_cast<void>(database.execute("ROLLBACK"));
    if (!batch.clocks.empty())
      if (const auto read = clocks_->read(); !read) return read.error();
    return result;
  }
  if (const auto done = database.checkpoint_if_due(); !done) return done.error();
  return result;
}

Result<QueueBatchResult> SqliteQueue::apply(const QueueBatch& batch, Wall now) {
  QueueBatchResult result;
  for (const auto& clock : batch.clocks)
    if (const auto saved = clocks_->save(clock); !saved) return saved.error();
  result.changes.reserve(batch.changes.size());
  for (const auto& change : batch.changes) {
    const auto applied = rows_->apply(change, batch.running);
    if (!applied) return applied.error();
    result.changes.push_back(*applied);
  }
  result.acceptances.reserve(batch.submissions.size());
  for (const auto& submission : batch.submissions) {
    auto acceptance = rows_->accept(submission, batch, now);
    if (!acceptance) return acceptance.error();
    result.acceptances.push_back(std::move(*acceptance));
  }
  if (batch.reserve)
    if (const auto saved = rows_->save_reserved(*batch.reserve); !saved) return saved.error();
  result.reserved = batch.reserve;
  if (batch.learnt)
    if (const auto learnt = learn(*batch.learnt); !learnt) return learnt.error();
  if (batch.purge) {
    const auto purged = rows_->purge(batch.purge->ended_before, batch.purge->max_rows);
    if (!purged) return purged.error();
    result.purged = *purged;
  }
  if (batch.pause)
    if (const auto saved = rows_->save_pause(*batch.pause); !saved) return saved.error();
  return result;
}

Result<void> SqliteQueue::learn(const HazardDelta& delta) {
  if (!known_before_) {
    const auto saved = learnt();
    if (!saved) return saved.error();
    known_before_ = saved->value_or(Hazard());
  }
  Hazard now = *known_before_;
  now.merge(delta);
  return rows_->save_learnt(now.write());
}

Result<std::vector<StagedHandshake>> SqliteQueue::staged() { return rows_->staged(); }

Result<std::vector<std::optional<QueuedHandshake>>> SqliteQueue::find_polling(
    std::span<const HandshakeId> ids) {
  std::vector<std::optional<QueuedHandshake>> rows;
  rows.reserve(ids.size());
  for (const auto& id : ids) {
    auto row = rows_->find_polling(id);
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return rows;
}

Result<KnownHandshake> SqliteQueue::find(const HandshakeId& id) { return find_row(*rows_, id); }

Result<std::vector<std::optional<HandshakeId>>> SqliteQueue::find_by_signature(
    std::span<const SignedResult> results) {
  std::vector<std::optional<HandshakeId>> others;
  others.reserve(results.size());
  for (const auto& result : results) {
    const auto other = rows_->find_by_signature(result);
    if (!other) return other.error();
    others.push_back(*other);
  }
  return others;
}

Result<std::vector<HandshakeId>> SqliteQueue::find_ended(const EndedQuery& query) {
  return rows_->find_ended(query);
}

Result<std::vector<StoredRow>> SqliteQueue::rows_after(std::string_view id, std::size_t max_rows) {
  return rows_->rows_after(id, max_rows);
}

Result<QueueCounts> SqliteQueue::count() { return rows_->count(); }

Result<std::vector<BootClock>> SqliteQueue::clocks() { return clocks_->all(); }

Result<std::optional<Hazard>> SqliteQueue::learnt() {
  const auto text = rows_->learnt();
  if (!text) return text.error();
  return *text ? Hazard::read(**text) : std::optional<Hazard>();
}

Result<std::optional<DayRequests>> SqliteQueue::reserved() { return rows_->reserved(); }

Result<OperatorPause> SqliteQueue::operator_pause() { return rows_->operator_pause(); }

Result<std::unique_ptr<QueueCopy>> SqliteQueue::copy(const std::string& path) {
  return SqliteCopy::begin(*database_, path);
}

}  // namespace attestrd
