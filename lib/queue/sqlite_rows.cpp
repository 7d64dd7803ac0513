#include "queue/sqlite_rows.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "handshake/handshake_names.h"
#include "handshake/merge.h"
#include "queue/queue_batch.h"

namespace attestrd {
namespace {

constexpr const char* kFindTombstone = "SELECT outcome FROM tombstone WHERE id = ?";
constexpr const char* kInsert =
    "INSERT INTO handshake (id, state, tag, submitted_at, expiry, boot) "
    "SELECT ?1, 'polling', ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = ?1) ON "
    "CONFLICT DO NOTHING";
constexpr const char* kFind =
    "SELECT id, tag, submitted_at, expiry, polls, last_pending_at, boot, attempt, is_held, "
    "outcome FROM handshake WHERE id = ?";
constexpr const char* kMerge = "UPDATE handshake SET expiry = ? WHERE id = ? AND state = 'polling'";
constexpr const char* kUpdateProgress =
    "UPDATE handshake SET polls = ?, last_pending_at = ? WHERE id = ? AND state = 'polling'";
constexpr const char* kStage =
    "UPDATE handshake SET state = 'staged', outcome = ?, reason = ?, finished_at = ?, "
    "length_bytes = ?, sha256 = ?, signature = coalesce(?, signature), "
    "readmitted_from = nullif(?, '') "
    "WHERE id = ? AND state = 'polling'";
constexpr const char* kIsStaged =
    "SELECT 1 FROM handshake WHERE id = ? AND state = 'staged' AND length_bytes = ? AND sha256 = ?";
constexpr const char* kUnstage =
    "UPDATE handshake SET state = 'polling', outcome = NULL, reason = NULL, finished_at = NULL, "
    "length_bytes = NULL, sha256 = NULL, readmitted_from = NULL WHERE id = ? AND state = 'staged'";
constexpr const char* kBury =
    "INSERT INTO tombstone (id, outcome, finished_at, running_ms, diverted_to, tag, attempt, "
    "signature) SELECT id, outcome, finished_at, ?, nullif(?, ''), tag, attempt, signature "
    "FROM handshake WHERE id = ? AND state = 'staged'";
constexpr const char* kRemoveStaged = "DELETE FROM handshake WHERE id = ? AND state = 'staged'";
constexpr const char* kIsBuried = "SELECT 1 FROM tombstone WHERE id = ? AND outcome = ?";
constexpr const char* kReopen =
    "INSERT INTO handshake (id, state, tag, submitted_at, boot, attempt, signature) "
    "SELECT id, 'polling', tag, ?, ?, ?3, signature FROM tombstone "
    "WHERE id = ? AND attempt = ?3 - 1";
constexpr const char* kIsReopened =
    "SELECT 1 FROM handshake WHERE id = ? AND state = 'polling' AND attempt = ?";
constexpr const char* kReadmit =
    "INSERT INTO handshake (id, state, tag, submitted_at, boot, attempt, outcome, reason, "
    "finished_at, length_bytes, sha256, signature, readmitted_from) "
    "SELECT id, 'staged', tag, ?, ?, ?3, ?, ?, ?, ?, ?, coalesce(?, signature), ? "
    "FROM tombstone WHERE id = ? AND attempt = ?3 - 1 AND outcome <> 'completed'";
constexpr const char* kRemoveTombstone = "DELETE FROM tombstone WHERE id = ?";
constexpr const char* kPurge =
    "DELETE FROM tombstone WHERE id IN "
    "(SELECT id FROM tombstone WHERE running_ms < ? ORDER BY running_ms LIMIT ?)";
constexpr const char* kPollingAfter =
    "SELECT id, tag, submitted_at, expiry, polls, last_pending_at, boot, attempt, is_held "
    "FROM handshake WHERE state = 'polling' AND id > ? ORDER BY id LIMIT ?";
constexpr const char* kAllStaged =
    "SELECT id, outcome, reason, finished_at, length_bytes, sha256, signature, attempt, "
    "readmitted_from FROM handshake WHERE state = 'staged'";
constexpr const char* kFindBySignature =
    "SELECT id FROM tombstone WHERE signature = ?1 AND id <> ?2 UNION ALL "
    "SELECT id FROM handshake WHERE signature = ?1 AND id <> ?2 LIMIT 1";
constexpr const char* kCount =
    "SELECT count(*) FILTER (WHERE state = 'polling'), count(*) FILTER (WHERE state = 'staged'), "
    "min(submitted_at + coalesce(shift_us, 0) / 1000) FILTER (WHERE state = 'polling'), "
    "(SELECT count(*) FROM tombstone) "
    "FROM handshake LEFT JOIN boot ON boot.number = handshake.boot";

// These statements are not kept prepared: they run rarely, and a file of an older version that is
// opened for reading does not have their tables.
constexpr const char* kSaveLearnt =
    "INSERT OR REPLACE INTO learnt (what, text) VALUES ('hazard', ?)";
constexpr const char* kLearnt = "SELECT text FROM learnt WHERE what = 'hazard'";
constexpr const char* kSaveReserved =
    "INSERT OR REPLACE INTO reserved (line, day, requests) VALUES (1, ?, ?)";
constexpr const char* kReserved = "SELECT day, requests FROM reserved";
constexpr const char* kSavePause = "INSERT OR REPLACE INTO pause (line, since) VALUES (1, ?)";
constexpr const char* kEndPause = "DELETE FROM pause";
constexpr const char* kPause = "SELECT since FROM pause";
constexpr const char* kHold = "UPDATE handshake SET is_held = ? WHERE id = ? AND state = 'polling'";

constexpr const char* kFindEnded =
    "SELECT outcome, finished_at, 1, diverted_to, tag, attempt, running_ms FROM tombstone "
    "WHERE id = ?1 "
    "UNION ALL SELECT outcome, finished_at, 0, NULL, tag, attempt, 0 FROM handshake "
    "WHERE id = ?1 AND state = 'staged'";

constexpr const char* kRowsAfter =
    "SELECT id, tag, submitted_at, expiry, polls, last_pending_at, boot, attempt, is_held, "
    "state = 'staged' FROM handshake WHERE id > ? ORDER BY id LIMIT ?";
// The comparison with '' lets the partial index serve the query.
constexpr const char* kEndedByTag =
    "SELECT id FROM tombstone WHERE tag = ? AND tag <> '' AND id > ? ORDER BY id LIMIT ?";

constexpr std::size_t kPageReserve = 4096;  // In rows.

std::int64_t milliseconds_of(Duration duration) {
  return std::chrono::floor<std::chrono::milliseconds>(duration).count();
}

/// Returns whether the row is staged with this very record, by the statement kIsStaged.
Result<bool> exists(SqliteStatement& is_staged, const StagedHandshake& staged) {
  return is_staged.bind(staged.id)
      .bind(static_cast<std::int64_t>(staged.record.length_bytes))
      .bind(std::span<const unsigned char>(staged.record.sha256))
      .exists();
}

Result<bool> remove_tombstone(SqliteDatabase& database, const HandshakeId& id) {
  auto remove = database.prepare(kRemoveTombstone);
  if (!remove) return remove.error();
  const auto removed = remove->bind(id).run();
  if (!removed) return removed.error();
  return *removed == 1;
}

}  // namespace

Result<KnownHandshake> find_row(SqliteRows& rows, const HandshakeId& id) {
  auto pending = rows.find_polling(id);
  if (!pending) return pending.error();
  if (*pending) return KnownHandshake(std::move(**pending));
  return rows.find_ended(id);
}

bool read_signature(std::span<const unsigned char> bytes, std::optional<SignaturePrefix>& out) {
  if (bytes.empty()) return true;
  if (bytes.size() != SignaturePrefix().size()) return false;
  std::ranges::copy(bytes, out.emplace().begin());
  return true;
}

std::span<const unsigned char> bytes_of(const std::optional<SignaturePrefix>& signature) {
  if (!signature) return {};
  return *signature;
}

Error broken_row(const SqliteDatabase& database) {
  return fail(Errc::invalid_input, "the queue " + database.path() +
                                       " holds a row that attestrd never wrote: restore it from a "
                                       "backup, or move it away and submit the pending ids again");
}

std::optional<QueuedHandshake> read_queued(const SqliteStatement& row, const SqliteClocks& clocks) {
  const auto id = HandshakeId::parse(row.text(0));
  const auto submitted_at = row.time(2);
  if (!id || !submitted_at) return std::nullopt;
  const auto polls = static_cast<std::uint32_t>(row.number(4));
  const auto boot = row.number(6);
  return QueuedHandshake{*id,
                         std::string(row.text(1)),
                         *submitted_at + clocks.shift_of(boot),
                         row.time(3),
                         row.time(5),
                         polls,
                         boot,
                         {},
                         static_cast<std::uint32_t>(row.number(7)),
                         row.number(8) != 0};
}

std::optional<StagedHandshake> read_staged(const SqliteStatement& row, int outcome_column) {
  const auto id = HandshakeId::parse(row.text(0));
  const auto outcome = outcome_named(row.text(outcome_column));
  const auto reason = reason_named(row.text(outcome_column + 1));
  const auto finished_at = row.time(outcome_column + 2);
  const auto sha256 = row.bytes(outcome_column + 4);
  if (!id || !outcome || !reason || !finished_at) return std::nullopt;
  StagedHandshake staged{*id, *outcome, *reason, *finished_at, {}};
  if (sha256.size() != staged.record.sha256.size()) return std::nullopt;
  staged.record.length_bytes = static_cast<std::uint64_t>(row.number(outcome_column + 3));
  std::ranges::copy(sha256, staged.record.sha256.begin());
  if (!read_signature(row.bytes(outcome_column + 5), staged.signature)) return std::nullopt;
  staged.attempt = static_cast<std::uint32_t>(row.number(outcome_column + 6));
  staged.readmitted_from = row.text(outcome_column + 7);
  return staged;
}

std::optional<Tombstone> read_tombstone(const SqliteStatement& row) {
  const auto id = HandshakeId::parse(row.text(0));
  const auto outcome = outcome_named(row.text(1));
  const auto finished_at = row.time(2);
  if (!id || !outcome || !finished_at) return std::nullopt;
  Tombstone ended{*id, *outcome, *finished_at, std::string(row.text(3))};
  ended.attempt = static_cast<std::uint32_t>(row.number(4));
  ended.diverted_to = row.text(6);
  if (!read_signature(row.bytes(5), ended.signature)) return std::nullopt;
  return ended;
}

Result<void> SqliteRows::prepare(bool is_read_only) {
  const std::pair<SqliteStatement*, std::string_view> all[] = {
      {&statements_.find_tombstone, kFindTombstone},
      {&statements_.insert, kInsert},
      {&statements_.find, kFind},
      {&statements_.merge, kMerge},
      {&statements_.update_progress, kUpdateProgress},
      {&statements_.stage, kStage},
      {&statements_.is_staged, kIsStaged},
      {&statements_.unstage, kUnstage},
      {&statements_.bury, kBury},
      {&statements_.remove_staged, kRemoveStaged},
      {&statements_.is_buried, kIsBuried},
      {&statements_.purge, kPurge},
      {&statements_.polling_after, kPollingAfter},
      {&statements_.all_staged, kAllStaged},
      {&statements_.find_by_signature, kFindBySignature},
      {&statements_.count, kCount},
  };
  for (const auto& [statement, sql] : all) {
    // The views of an older file (schema::kReadOlder) can't be written.
    if (is_read_only && !sql.starts_with("SELECT")) continue;
    auto prepared = database_.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

Result<Applied> SqliteRows::apply(const RowChange& row_change, Duration running) {
  const auto changed =
      std::visit([&](const auto& what) { return change(what, running); }, row_change);
  if (!changed) return changed.error();
  return *changed ? Applied::applied : Applied::wrong_state;
}

Result<bool> SqliteRows::change(const Progress& progress, Duration) {
  const auto changed = statements_.update_progress.bind(std::int64_t{progress.polls})
                           .bind(progress.last_pending_at)
                           .bind(progress.id)
                           .run();
  if (!changed) return changed.error();
  return *changed == 1;
}

Result<bool> SqliteRows::change(const Stage& stage, Duration) {
  const auto& staged = stage.handshake;
  const auto length = static_cast<std::int64_t>(staged.record.length_bytes);
  const auto changed = statements_.stage.bind(name_of(staged.outcome))
                           .bind(name_of(staged.reason))
                           .bind(staged.finished_at)
                           .bind(length)
                           .bind(std::span<const unsigned char>(staged.record.sha256))
                           .bind(bytes_of(staged.signature))
                           .bind(staged.readmitted_from)
                           .bind(staged.id)
                           .run();
  if (!changed) return changed.error();
  return *changed == 1 ? Result<bool>(true) : exists(statements_.is_staged, staged);
}

Result<bool> SqliteRows::change(const Unstage& unstage, Duration) {
  const auto changed = statements_.unstage.bind(unstage.id).run();
  if (!changed) return changed.error();
  return *changed == 1;
}

Result<bool> SqliteRows::change(const Done& done, Duration running) {
  const auto buried =
      statements_.bury.bind(milliseconds_of(running)).bind(done.diverted_to).bind(done.id).run();
  if (!buried) return buried.error();
  if (*buried == 0) return statements_.is_buried.bind(done.id).bind(name_of(done.outcome)).exists();
  const auto removed = statements_.remove_staged.bind(done.id).run();
  if (!removed) return removed.error();
  return *removed == 1;
}

Result<bool> SqliteRows::change(const Reopen& reopen, Duration) {
  auto insert = database_.prepare(kReopen);
  if (!insert) return insert.error();
  const auto inserted =
      insert->bind(std::optional(reopen.submitted_at - clocks_.shift_of(reopen.boot)))
          .bind(reopen.boot)
          .bind(std::int64_t{reopen.attempt})
          .bind(reopen.id)
          .run();
  if (!inserted) return inserted.error();
  if (*inserted == 1) return remove_tombstone(database_, reopen.id);
  auto find = database_.prepare(kIsReopened);
  if (!find) return find.error();
  return find->bind(reopen.id).bind(std::int64_t{reopen.attempt}).exists();
}

Result<bool> SqliteRows::change(const Readmit& readmit, Duration) {
  const auto& staged = readmit.handshake;
  auto insert = database_.prepare(kReadmit);
  if (!insert) return insert.error();
  const auto inserted =
      insert->bind(std::optional(readmit.submitted_at - clocks_.shift_of(readmit.boot)))
          .bind(readmit.boot)
          .bind(std::int64_t{staged.attempt})
          .bind(name_of(staged.outcome))
          .bind(name_of(staged.reason))
          .bind(std::optional(staged.finished_at))
          .bind(static_cast<std::int64_t>(staged.record.length_bytes))
          .bind(std::span<const unsigned char>(staged.record.sha256))
          .bind(bytes_of(staged.signature))
          .bind(staged.readmitted_from)
          .bind(staged.id)
          .run();
  if (!inserted) return inserted.error();
  return *inserted == 1 ? remove_tombstone(database_, staged.id)
                        : exists(statements_.is_staged, staged);
}

Result<bool> SqliteRows::change(const SetHeld& hold, Duration) {
  auto update = database_.prepare(kHold);
  if (!update) return update.error();
  const auto changed = update->bind(std::int64_t{hold.is_held ? 1 : 0}).bind(hold.id).run();
  if (!changed) return changed.error();
  return *changed == 1;
}

// Nearly all submissions are new, so a single statement checks that and inserts the row.
Result<Acceptance> SqliteRows::accept(const Submission& submission, const QueueBatch& batch,
                                      Wall now) {
  const auto& id = submission.id;
  const auto boot = batch.boot;
  const auto inserted = statements_.insert.bind(id)
                            .bind(submission.tag)
                            .bind(now - clocks_.shift_of(boot))
                            .bind(submission.expiry)
                            .bind(boot)
                            .run();
  if (!inserted) return inserted.error();
  if (*inserted == 0) return accept_again(submission, batch.give_up_after);
  using std::chrono::milliseconds;  // The precision of the row in the file.
  const Wall submitted_at = std::chrono::floor<milliseconds>(now);
  return Acceptance(
      InsertedRow{{id, submission.tag, submitted_at, submission.expiry, {}, 0, boot, {}}});
}

/// Accepts a submission of an id that has a row or a tombstone already.
Result<Acceptance> SqliteRows::accept_again(const Submission& submission, Duration give_up_after) {
  const auto& id = submission.id;
  auto& tombstone = statements_.find_tombstone.bind(id);
  const auto is_buried = tombstone.step();
  if (!is_buried) return is_buried.error();
  if (*is_buried) {
    const auto outcome = outcome_named(tombstone.text(0));
    tombstone.reset();
    if (!outcome) return broken_row(database_);
    return Acceptance(AlreadyEnded{*outcome});
  }

  auto& find = statements_.find.bind(id);
  const auto is_there = find.step();
  if (!is_there) return is_there.error();
  const auto row = *is_there ? read_queued(find, clocks_) : std::nullopt;
  const auto outcome = *is_there ? outcome_named(find.text(9)) : std::nullopt;
  find.reset();
  if (!row) return broken_row(database_);
  if (!outcome) return merge(submission, *row, give_up_after);
  return Acceptance(AlreadyEnded{*outcome});
}

Result<Acceptance> SqliteRows::merge(const Submission& submission, QueuedHandshake row,
                                     Duration give_up_after) {
  const auto [expiry, is_tag_ignored, is_expiry_bounded] =
      merge_submission(row, submission, give_up_after);
  if (expiry != row.expiry) {
    const auto merged = statements_.merge.bind(expiry).bind(row.id).run();
    if (!merged) return merged.error();
    row.expiry = expiry;
  }
  return Acceptance(MergedRow{std::move(row), is_tag_ignored, is_expiry_bounded});
}

Result<std::size_t> SqliteRows::purge(Duration ended_before, std::size_t max_rows) {
  const auto purged = statements_.purge.bind(milliseconds_of(ended_before))
                          .bind(static_cast<std::int64_t>(max_rows))
                          .run();
  if (!purged) return purged.error();
  return static_cast<std::size_t>(*purged);
}

Result<std::optional<QueuedHandshake>> SqliteRows::find_polling(const HandshakeId& id) {
  auto& find = statements_.find.bind(id);
  const auto is_there = find.step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::nullopt;
  auto row = read_queued(find, clocks_);
  const bool is_polling = find.is_null(9);
  find.reset();
  if (!row) return broken_row(database_);
  if (!is_polling) return std::nullopt;
  return row;
}

Result<KnownHandshake> SqliteRows::find_ended(const HandshakeId& id) {
  auto find = database_.prepare(kFindEnded);
  if (!find) return find.error();
  const auto is_there = find->bind(id).step();
  if (!is_there) return is_there.error();
  if (!*is_there) return KnownHandshake();
  const auto outcome = outcome_named(find->text(0));
  const auto finished_at = find->time(1);
  if (!outcome || !finished_at) return broken_row(database_);
  const bool is_published = find->number(2) == 1;
  std::string tag(find->text(4));
  const auto attempt = static_cast<std::uint32_t>(find->number(5));
  if (is_published)
    return KnownHandshake(EndedHandshake{*outcome, *finished_at,
                                         std::chrono::milliseconds(find->number(6)),
                                         std::string(find->text(3)), std::move(tag), attempt});
  return KnownHandshake(EndingHandshake{*outcome, *finished_at, std::move(tag), attempt});
}

Result<std::vector<QueuedHandshake>> SqliteRows::polling_after(std::string_view id,
                                                               std::size_t max_rows) {
  std::vector<QueuedHandshake> page;
  page.reserve(std::min(max_rows, kPageReserve));
  auto& after = statements_.polling_after.bind(id).bind(static_cast<std::int64_t>(max_rows));
  for (;;) {
    const auto is_there = after.step();
    if (!is_there) return is_there.error();
    if (!*is_there) return page;
    auto row = read_queued(after, clocks_);
    if (!row) {
      after.reset();
      return broken_row(database_);
    }
    page.push_back(std::move(*row));
  }
}

Result<std::vector<StoredRow>> SqliteRows::rows_after(std::string_view id, std::size_t max_rows) {
  std::vector<StoredRow> page;
  auto after = database_.prepare(kRowsAfter);
  if (!after) return after.error();
  after->bind(id).bind(static_cast<std::int64_t>(max_rows));
  for (;;) {
    const auto is_there = after->step();
    if (!is_there) return is_there.error();
    if (!*is_there) return page;
    auto row = read_queued(*after, clocks_);
    if (!row) return broken_row(database_);
    page.push_back({std::move(*row), after->number(9) != 0});
  }
}

Result<std::vector<StagedHandshake>> SqliteRows::staged() {
  std::vector<StagedHandshake> staged;
  auto& all = statements_.all_staged;
  for (;;) {
    const auto is_there = all.step();
    if (!is_there) return is_there.error();
    if (!*is_there) return staged;
    const auto row = read_staged(all, 1);
    if (!row) {
      all.reset();
      return broken_row(database_);
    }
    staged.push_back(*row);
  }
}

Result<std::optional<HandshakeId>> SqliteRows::find_by_signature(const SignedResult& result) {
  auto& find = statements_.find_by_signature.bind(std::span<const unsigned char>(result.signature))
                   .bind(result.id);
  const auto is_there = find.step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::optional<HandshakeId>();
  const auto id = HandshakeId::parse(find.text(0));
  find.reset();
  if (!id) return broken_row(database_);
  return id;
}

Result<std::vector<HandshakeId>> SqliteRows::find_ended(const EndedQuery& query) {
  std::vector<HandshakeId> ids;
  auto find = database_.prepare(kEndedByTag);
  if (!find) return find.error();
  find->bind(query.tag).bind(query.after).bind(static_cast<std::int64_t>(query.max_ids));
  for (;;) {
    const auto is_there = find->step();
    if (!is_there) return is_there.error();
    if (!*is_there) return ids;
    const auto id = HandshakeId::parse(find->text(0));
    if (!id) return broken_row(database_);
    ids.push_back(*id);
  }
}

Result<QueueCounts> SqliteRows::count() {
  auto& count = statements_.count;
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

Result<void> SqliteRows::save_learnt(std::string_view text) {
  auto save = database_.prepare(kSaveLearnt);
  if (!save) return save.error();
  const auto saved = save->bind(text).run();
  if (!saved) return saved.error();
  return {};
}

Result<std::optional<std::string>> SqliteRows::learnt() {
  auto learnt = database_.prepare(kLearnt);
  if (!learnt) return learnt.error();
  const auto is_there = learnt->step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::optional<std::string>();
  return std::optional(std::string(learnt->text(0)));
}

Result<void> SqliteRows::save_reserved(const DayRequests& requests) {
  auto save = database_.prepare(kSaveReserved);
  if (!save) return save.error();
  const auto count = static_cast<std::int64_t>(requests.requests);
  const auto saved = save->bind(requests.day).bind(count).run();
  if (!saved) return saved.error();
  return {};
}

Result<std::optional<DayRequests>> SqliteRows::reserved() {
  auto reserved = database_.prepare(kReserved);
  if (!reserved) return reserved.error();
  const auto is_there = reserved->step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::optional<DayRequests>();
  const auto count = static_cast<std::uint64_t>(reserved->number(1));
  return std::optional(DayRequests{reserved->number(0), count});
}

Result<void> SqliteRows::save_pause(const OperatorPause& pause) {
  auto save = database_.prepare(pause.since ? kSavePause : kEndPause);
  if (!save) return save.error();
  if (pause.since) save->bind(pause.since);
  const auto saved = save->run();
  if (!saved) return saved.error();
  return {};
}

Result<OperatorPause> SqliteRows::operator_pause() {
  auto pause = database_.prepare(kPause);
  if (!pause) return pause.error();
  const auto is_there = pause->step();
  if (!is_there) return is_there.error();
  if (!*is_there) return OperatorPause();
  return OperatorPause{pause->time(0)};
}

}  // namespace attestrd
