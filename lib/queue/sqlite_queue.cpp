#include "queue/sqlite_queue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "handshake/handshake_names.h"
#include "queue/sqlite_database.h"
#include "queue/sqlite_open.h"
#include "queue/sqlite_rows.h"

namespace attestrd {

namespace {

constexpr const char* kSaveHazard =
    "INSERT OR REPLACE INTO learnt (what, text) VALUES ('hazard', ?)";
constexpr const char* kHazard = "SELECT text FROM learnt WHERE what = 'hazard'";
constexpr const char* kSaveReserved =
    "INSERT OR REPLACE INTO reserved (line, day, requests) VALUES (1, ?, ?)";
constexpr const char* kReserved = "SELECT day, requests FROM reserved";

constexpr const char* kFindEnded =
    "SELECT outcome, finished_at, 1 FROM tombstone WHERE id = ?1 UNION ALL "
    "SELECT outcome, finished_at, 0 FROM handshake WHERE id = ?1 AND state = 'staged'";

Error broken_row(const SqliteDatabase& database) {
  return fail(Errc::io_failure, "the queue " + database.path() +
                                    " holds a row that attestrd never wrote: restore it from a "
                                    "backup, or move it away and submit the pending ids again");
}

/// Reads the columns from `id` to `last_pending_at`.
std::optional<QueuedHandshake> read_row(const SqliteStatement& row) {
  const auto id = HandshakeId::parse(row.text(0));
  const auto submitted_at = row.time(2);
  if (!id || !submitted_at) return std::nullopt;
  const auto polls = static_cast<std::uint32_t>(row.number(4));
  return QueuedHandshake{*id,  std::string(row.text(1)), *submitted_at, row.time(3), row.time(5),
                         polls};
}

std::optional<StagedHandshake> read_staged(const SqliteStatement& row) {
  const auto id = HandshakeId::parse(row.text(0));
  const auto outcome = outcome_named(row.text(1));
  const auto reason = reason_named(row.text(2));
  const auto finished_at = row.time(3);
  const auto sha256 = row.bytes(5);
  if (!id || !outcome || !reason || !finished_at) return std::nullopt;
  StagedHandshake staged{*id, *outcome, *reason, *finished_at, {}};
  if (sha256.size() != staged.record.sha256.size()) return std::nullopt;
  staged.record.length_bytes = static_cast<std::uint64_t>(row.number(4));
  std::ranges::copy(sha256, staged.record.sha256.begin());
  return staged;
}

}  // namespace

SqliteQueue::SqliteQueue(std::unique_ptr<SqliteRows> rows) : rows_(std::move(rows)) {}

SqliteQueue::~SqliteQueue() = default;

Result<std::unique_ptr<SqliteQueue>> SqliteQueue::make(
    Result<std::unique_ptr<SqliteDatabase>> opened) {
  if (!opened) return opened.error();
  auto rows = std::make_unique<SqliteRows>();
  rows->database = std::move(*opened);
  if (const auto prepared = rows->prepare(); !prepared) return prepared.error();
  return std::unique_ptr<SqliteQueue>(new SqliteQueue(std::move(rows)));
}

Result<std::unique_ptr<SqliteQueue>> SqliteQueue::open(const std::string& path, const char* vfs) {
  return make(open_queue_file(path, vfs));
}

Result<std::unique_ptr<SqliteQueue>> SqliteQueue::open_read_only(const std::string& path) {
  return make(open_queue_file_read_only(path));
}

Result<void> SqliteQueue::begin() {
  ATTESTRD_CHECK(!is_being_read_);  // Another thread would be on the connection.
  if (const auto there = rows_->database->check_place(); !there) return there;
  return rows_->database->execute("BEGIN IMMEDIATE");
}

Result<void> SqliteQueue::commit() {
  const auto committed = rows_->database->execute("COMMIT");
  if (!committed) return committed;
  return rows_->database->checkpoint_if_due();
}

void SqliteQueue::rollback() {
  // SQLite rolls back by itself after some errors; what is left undone here dies with the process.
  if (rows_->database->is_in_transaction()) static_cast<void>(rows_->database->execute("ROLLBACK"));
}

// By far the most are new: one statement finds that out, and writes them.
Result<Acceptance> SqliteQueue::accept(const Submission& submission, Wall now) {
  const auto& id = submission.id;
  auto& insert = rows_->insert.bind(id).bind(submission.tag).bind(now).bind(submission.expiry);
  const auto inserted = insert.run();
  if (!inserted) return inserted.error();
  if (*inserted == 0) return accept_again(submission);
  using std::chrono::milliseconds;  // What the row says.
  return Acceptance{
      Acceptance::Kind::inserted,
      {id, submission.tag, std::chrono::floor<milliseconds>(now), submission.expiry, {}, 0},
      {}};
}

/// An id that has a row, or a tombstone.
Result<Acceptance> SqliteQueue::accept_again(const Submission& submission) {
  const auto& id = submission.id;
  Acceptance acceptance{Acceptance::Kind::already_ended, {id, {}, {}, {}, {}, 0}, {}};
  auto& tombstone = rows_->find_tombstone.bind(id);
  const auto is_buried = tombstone.step();
  if (!is_buried) return is_buried.error();
  if (*is_buried) {
    const auto outcome = outcome_named(tombstone.text(0));
    tombstone.reset();
    if (!outcome) return broken_row(*rows_->database);
    acceptance.outcome = *outcome;
    return acceptance;
  }

  auto& find = rows_->find.bind(id);
  const auto is_there = find.step();
  if (!is_there) return is_there.error();
  const auto row = *is_there ? read_row(find) : std::nullopt;
  const auto outcome = *is_there ? outcome_named(find.text(6)) : std::nullopt;
  find.reset();
  if (!row) return broken_row(*rows_->database);
  if (!outcome) return merge(submission, *row);
  acceptance.row = *row;
  acceptance.outcome = *outcome;
  return acceptance;
}

Result<Acceptance> SqliteQueue::merge(const Submission& submission, QueuedHandshake row) {
  if (row.tag.empty()) row.tag = submission.tag;
  if (submission.expiry && (!row.expiry || *submission.expiry > *row.expiry))
    row.expiry = submission.expiry;
  const auto merged = rows_->merge.bind(row.tag).bind(row.expiry).bind(row.id).run();
  if (!merged) return merged.error();
  return Acceptance{Acceptance::Kind::merged, std::move(row), {}};
}

Result<bool> SqliteQueue::update_progress(const HandshakeId& id, std::uint32_t polls,
                                          std::optional<Wall> last_pending_at) {
  auto& update = rows_->update_progress;
  const auto changed = update.bind(std::int64_t{polls}).bind(last_pending_at).bind(id).run();
  if (!changed) return changed.error();
  return *changed == 1;
}

Result<bool> SqliteQueue::stage(const StagedHandshake& staged) {
  const auto length = static_cast<std::int64_t>(staged.record.length_bytes);
  const auto changed = rows_->stage.bind(name_of(staged.outcome))
                           .bind(name_of(staged.reason))
                           .bind(staged.finished_at)
                           .bind(length)
                           .bind(std::span<const unsigned char>(staged.record.sha256))
                           .bind(staged.id)
                           .run();
  if (!changed) return changed.error();
  return *changed == 1;
}

Result<bool> SqliteQueue::unstage(const HandshakeId& id) {
  const auto changed = rows_->unstage.bind(id).run();
  if (!changed) return changed.error();
  return *changed == 1;
}

Result<bool> SqliteQueue::mark_done(const HandshakeId& id) {
  const auto buried = rows_->bury.bind(id).run();
  if (!buried) return buried.error();
  if (*buried == 0) return false;
  const auto removed = rows_->remove_staged.bind(id).run();
  if (!removed) return removed.error();
  return *removed == 1;
}

Result<std::size_t> SqliteQueue::purge_tombstones(Wall horizon, std::size_t max_rows) {
  auto& purge = rows_->purge.bind(std::optional(horizon)).bind(static_cast<std::int64_t>(max_rows));
  const auto purged = purge.run();
  if (!purged) return purged.error();
  return static_cast<std::size_t>(*purged);
}

Result<std::optional<QueuedHandshake>> SqliteQueue::find_polling(const HandshakeId& id) {
  auto& find = rows_->find.bind(id);
  const auto is_there = find.step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::nullopt;
  auto row = read_row(find);
  const bool is_polling = find.is_null(6);
  find.reset();
  if (!row) return broken_row(*rows_->database);
  if (!is_polling) return std::nullopt;
  return row;
}

Result<KnownHandshake> SqliteQueue::find(const HandshakeId& id) {
  auto pending = find_polling(id);
  if (!pending) return pending.error();
  if (*pending) return KnownHandshake(std::move(**pending));
  auto find = rows_->database->prepare(kFindEnded);
  if (!find) return find.error();
  const auto is_there = find->bind(id).step();
  if (!is_there) return is_there.error();
  if (!*is_there) return KnownHandshake();
  const auto outcome = outcome_named(find->text(0));
  const auto finished_at = find->time(1);
  if (!outcome || !finished_at) return broken_row(*rows_->database);
  const bool is_published = find->number(2) == 1;
  if (is_published) return KnownHandshake(EndedHandshake{*outcome, *finished_at});
  return KnownHandshake(EndingHandshake{*outcome, *finished_at});
}

Result<void> SqliteQueue::for_each_polling(
    const std::function<void(const QueuedHandshake& row)>& visit) {
  is_being_read_ = true;
  const auto read = read_polling(visit);
  is_being_read_ = false;
  rows_->database->drop_cache();  // Hardly any of these pages is read again.
  return read;
}

Result<void> SqliteQueue::read_polling(
    const std::function<void(const QueuedHandshake& row)>& visit) {
  auto& all = rows_->all_polling;
  for (;;) {
    const auto is_there = all.step();
    if (!is_there) return is_there.error();
    if (!*is_there) return {};
    const auto row = read_row(all);
    if (!row) {
      all.reset();
      return broken_row(*rows_->database);
    }
    visit(*row);
  }
}

Result<std::vector<StagedHandshake>> SqliteQueue::staged() {
  std::vector<StagedHandshake> staged;
  auto& all = rows_->all_staged;
  for (;;) {
    const auto is_there = all.step();
    if (!is_there) return is_there.error();
    if (!*is_there) return staged;
    const auto row = read_staged(all);
    if (!row) {
      all.reset();
      return broken_row(*rows_->database);
    }
    staged.push_back(*row);
  }
}

Result<QueueCounts> SqliteQueue::count() {
  auto& count = rows_->count;
  const auto is_there = count.step();
  if (!is_there) return is_there.error();
  QueueCounts counts;
  counts.polling = static_cast<std::uint64_t>(count.number(0));
  counts.staged = static_cast<std::uint64_t>(count.number(1));
  counts.oldest_pending = count.time(2);
  counts.ended = static_cast<std::uint64_t>(count.number(3));
  count.reset();
  return counts;
}

// These are rare, and a file of an older version that is only read has no such tables: they are not
// kept prepared.

Result<void> SqliteQueue::save_hazard(std::string_view text) {
  auto save = rows_->database->prepare(kSaveHazard);
  if (!save) return save.error();
  const auto saved = save->bind(text).run();
  if (!saved) return saved.error();
  return {};
}

Result<std::optional<std::string>> SqliteQueue::hazard() {
  auto hazard = rows_->database->prepare(kHazard);
  if (!hazard) return hazard.error();
  const auto is_there = hazard->step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::optional<std::string>();
  return std::optional(std::string(hazard->text(0)));
}

Result<void> SqliteQueue::save_reserved(const DayRequests& requests) {
  auto save = rows_->database->prepare(kSaveReserved);
  if (!save) return save.error();
  const auto count = static_cast<std::int64_t>(requests.requests);
  const auto saved = save->bind(requests.day).bind(count).run();
  if (!saved) return saved.error();
  return {};
}

Result<std::optional<DayRequests>> SqliteQueue::reserved() {
  auto reserved = rows_->database->prepare(kReserved);
  if (!reserved) return reserved.error();
  const auto is_there = reserved->step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::optional<DayRequests>();
  const auto count = static_cast<std::uint64_t>(reserved->number(1));
  return std::optional(DayRequests{reserved->number(0), count});
}

}  // namespace attestrd
