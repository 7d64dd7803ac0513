#include "queue/sqlite_merge.h"

#include <chrono>
#include <tuple>
#include <variant>

#include "handshake/handshake_names.h"
#include "queue/sqlite_open.h"

namespace attestrd {
namespace {

constexpr const char* kRows =
    "SELECT id, tag, submitted_at, expiry, polls, last_pending_at, boot, attempt, is_held, "
    "outcome, "
    "reason, finished_at, length_bytes, sha256, signature, attempt, readmitted_from FROM handshake";
constexpr int kOutcomeColumn = 9;
constexpr int kSignatureColumn = 14;
constexpr const char* kEnded =
    "SELECT id, outcome, finished_at, tag, attempt, signature, diverted_to, NULL, NULL "
    "FROM tombstone";
constexpr const char* kEndedAndWaiting =
    "SELECT id, outcome, finished_at, tombstone.tag, attempt, signature, diverted_to, waiting.tag, "
    "waiting.submitted_at FROM tombstone LEFT JOIN waiting USING (id)";
constexpr int kWaitingTagColumn = 7;
constexpr int kWaitingSinceColumn = 8;
// The submission time is put right as it is read, and so belongs to no boot.
constexpr const char* kInsert =
    "INSERT INTO handshake (id, state, tag, submitted_at, expiry, polls, last_pending_at, attempt, "
    "signature, is_held) VALUES (?, 'polling', ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kRemove = "DELETE FROM handshake WHERE id = ?";
constexpr const char* kBury =
    "INSERT OR REPLACE INTO tombstone (id, outcome, finished_at, running_ms, tag, attempt, "
    "signature, diverted_to) VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, ''))";
constexpr const char* kHasTable = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> open_backup_file(const std::string& path) {
  auto opened = open_queue_file_read_only(path);
  if (!opened) return opened;
  const auto verdict = (*opened)->ask("PRAGMA integrity_check(1)");
  if (!verdict) return verdict.error();
  if (*verdict == "ok") return opened;
  return fail(Errc::invalid_input, path + " is malformed: " + *verdict);
}

Result<std::unique_ptr<SqliteMerge>> SqliteMerge::open(std::unique_ptr<SqliteDatabase> backup,
                                                       const std::string& queue) {
  auto opened = open_queue_file(queue);
  if (!opened) return opened.error();
  std::unique_ptr<SqliteMerge> merge(new SqliteMerge(std::move(backup), std::move(*opened)));
  if (const auto prepared = merge->prepare(); !prepared) return prepared.error();
  return merge;
}

Result<void> SqliteMerge::File::prepare(bool is_read_only) {
  if (const auto prepared = rows.prepare(is_read_only); !prepared) return prepared;
  return clocks.read();
}

Result<void> SqliteMerge::prepare() {
  if (const auto prepared = backup_.prepare(true); !prepared) return prepared;
  if (const auto prepared = queue_.prepare(false); !prepared) return prepared;
  const auto notes_waiting = has_table("waiting");
  if (!notes_waiting) return notes_waiting.error();
  auto& backup = *backup_.database;
  auto& queue = *queue_.database;
  const std::tuple<SqliteStatement*, SqliteDatabase*, const char*> all[] = {
      {&rows_, &backup, kRows},    {&ended_, &backup, *notes_waiting ? kEndedAndWaiting : kEnded},
      {&insert_, &queue, kInsert}, {&remove_, &queue, kRemove},
      {&bury_, &queue, kBury},
  };
  for (const auto& [statement, database, sql] : all) {
    auto prepared = database->prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return queue.execute("BEGIN IMMEDIATE");
}

/// Returns whether the backup has a table. Those of an older version do not have all of them.
Result<bool> SqliteMerge::has_table(std::string_view name) {
  auto find = backup_.database->prepare(kHasTable);
  if (!find) return find.error();
  return find->bind(name).exists();
}

Result<std::optional<std::uint64_t>> SqliteMerge::number() {
  const auto is_backup = has_table("backup");
  if (!is_backup) return is_backup.error();
  if (!*is_backup) return std::optional<std::uint64_t>();
  auto find = backup_.database->prepare("SELECT number FROM backup");
  if (!find) return find.error();
  const auto is_there = find->step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::optional<std::uint64_t>();
  return std::optional(static_cast<std::uint64_t>(find->number(0)));
}

Result<std::optional<BackupRow>> SqliteMerge::next() {
  if (are_rows_read_) return next_ended();
  const auto is_there = rows_.step();
  if (!is_there) return is_there.error();
  are_rows_read_ = !*is_there;
  if (are_rows_read_) return next_ended();
  auto queued = read_queued(rows_, backup_.clocks);
  if (!queued) return broken_row(*backup_.database);
  BackupRow row{*queued, {}};
  if (!read_signature(rows_.bytes(kSignatureColumn), row.signature))
    return broken_row(*backup_.database);
  if (rows_.is_null(kOutcomeColumn)) return std::optional(std::move(row));
  const auto staged = read_staged(rows_, kOutcomeColumn);
  if (!staged) return broken_row(*backup_.database);
  row.row = *staged;
  row.again = std::move(queued);
  return std::optional(std::move(row));
}

Result<std::optional<BackupRow>> SqliteMerge::next_ended() {
  const auto is_there = ended_.step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::optional<BackupRow>();
  const auto ended = read_tombstone(ended_);
  if (!ended) return broken_row(*backup_.database);
  BackupRow row{*ended, {}};
  const auto submitted_at = ended_.time(kWaitingSinceColumn);
  if (!submitted_at) return std::optional(std::move(row));
  row.again = QueuedHandshake{
      ended->id, std::string(ended_.text(kWaitingTagColumn)), *submitted_at, {}, {}, 0};
  row.again->attempt = ended->attempt;
  return std::optional(std::move(row));
}

Result<void> SqliteMerge::put(const BackupRow& row) {
  if (const auto* const queued = std::get_if<QueuedHandshake>(&row.row))
    return insert(*queued, row.signature);
  if (const auto* const ended = std::get_if<Tombstone>(&row.row)) return bury(*ended);
  if (const auto inserted = insert(*row.again, row.signature); !inserted) return inserted;
  const auto staged = queue_.rows.apply(Stage{std::get<StagedHandshake>(row.row)}, {});
  if (!staged) return staged.error();
  return {};
}

Result<void> SqliteMerge::insert(const QueuedHandshake& row,
                                 const std::optional<SignaturePrefix>& signature) {
  const auto inserted = insert_.bind(row.id)
                            .bind(row.tag)
                            .bind(std::optional(row.submitted_at))
                            .bind(row.expiry)
                            .bind(std::int64_t{row.polls})
                            .bind(row.last_pending_at)
                            .bind(std::int64_t{row.attempt})
                            .bind(bytes_of(signature))
                            .bind(std::int64_t{row.is_held ? 1 : 0})
                            .run();
  if (!inserted) return inserted.error();
  return {};
}

/// Writes a tombstone that ages from now on: by the age that it had in the backup it would be
/// forgotten too early.
Result<void> SqliteMerge::bury(const Tombstone& ended) {
  using std::chrono::milliseconds;
  const auto running = std::chrono::floor<milliseconds>(queue_.clocks.running());
  const auto removed = remove_.bind(ended.id).run();
  if (!removed) return removed.error();
  const auto buried = bury_.bind(ended.id)
                          .bind(name_of(ended.outcome))
                          .bind(std::optional(ended.finished_at))
                          .bind(std::int64_t{running.count()})
                          .bind(ended.tag)
                          .bind(std::int64_t{ended.attempt})
                          .bind(bytes_of(ended.signature))
                          .bind(ended.diverted_to)
                          .run();
  if (!buried) return buried.error();
  return {};
}

/// Restores the one row of a table, unless the queue has it.
template <class Row, class Saved>
Result<void> SqliteMerge::restore(std::string_view table,
                                  Result<std::optional<Row>> (SqliteRows::*read)(),
                                  Result<void> (SqliteRows::*save)(Saved)) {
  const auto has_any = has_table(table);
  if (!has_any) return has_any.error();
  if (!*has_any) return {};
  const auto known = (queue_.rows.*read)();
  if (!known) return known.error();
  if (*known) return {};
  const auto row = (backup_.rows.*read)();
  if (!row) return row.error();
  return *row ? (queue_.rows.*save)(**row) : Result<void>();
}

Result<void> SqliteMerge::commit() {
  const auto learnt = restore("learnt", &SqliteRows::learnt, &SqliteRows::save_learnt);
  if (!learnt) return learnt;
  const auto reserved = restore("reserved", &SqliteRows::reserved, &SqliteRows::save_reserved);
  if (!reserved) return reserved;
  return queue_.database->execute("COMMIT");
}

}  // namespace attestrd
