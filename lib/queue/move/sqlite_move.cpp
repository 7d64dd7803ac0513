#include "queue/move/sqlite_move.h"

#include <chrono>
#include <string_view>
#include <utility>
#include <variant>

#include "handshake/handshake_names.h"
#include "queue/sqlite_open.h"

namespace attestrd {
namespace {

constexpr const char* kRows =
    "SELECT id, tag, submitted_at, expiry, polls, last_pending_at, boot, attempt, is_held, "
    "outcome, reason, finished_at, length_bytes, sha256, signature, attempt, readmitted_from "
    "FROM handshake ORDER BY id";
constexpr int kOutcomeColumn = 9;
constexpr int kSignatureColumn = 14;
constexpr const char* kEnded =
    "SELECT id, outcome, finished_at, tag, attempt, signature, diverted_to, running_ms "
    "FROM tombstone ORDER BY id";
constexpr int kRunningColumn = 7;
constexpr const char* kInsert =
    "INSERT INTO handshake (id, state, tag, submitted_at, expiry, polls, last_pending_at, boot, "
    "attempt, signature, is_held) VALUES (?, 'polling', ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kBury =
    "INSERT INTO tombstone (id, outcome, finished_at, running_ms, tag, attempt, signature, "
    "diverted_to) VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, ''))";

constexpr const char* kMakeMark =
    "CREATE TABLE IF NOT EXISTS move (line INTEGER PRIMARY KEY NOT NULL CHECK (line = 1), "
    "instance TEXT NOT NULL, target TEXT NOT NULL) STRICT";
constexpr const char* kSaveMark =
    "INSERT OR REPLACE INTO move (line, instance, target) VALUES (1, ?, ?)";
constexpr const char* kHasMark =
    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'move'";
constexpr const char* kMark = "SELECT instance, target FROM move";

std::string_view name_of(MoveTo to) { return to == MoveTo::database ? "database" : "file"; }

}  // namespace

Result<std::unique_ptr<SqliteMove>> SqliteMove::open(const std::string& path) {
  auto opened = open_queue_file(path);
  if (!opened) return opened.error();
  std::unique_ptr<SqliteMove> move(new SqliteMove(std::move(*opened)));
  if (const auto prepared = move->prepare(); !prepared) return prepared.error();
  return move;
}

Result<void> SqliteMove::prepare() {
  if (const auto prepared = rows_.prepare(false); !prepared) return prepared;
  if (const auto read = clocks_.read(); !read) return read;
  const std::pair<SqliteStatement*, const char*> all[] = {
      {&pending_, kRows}, {&ended_, kEnded}, {&insert_, kInsert}, {&bury_, kBury}};
  for (const auto& [statement, sql] : all) {
    auto prepared = database_->prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

Result<std::optional<MoveMark>> SqliteMove::mark() {
  auto has_table = database_->prepare(kHasMark);
  if (!has_table) return has_table.error();
  const auto has_mark = has_table->exists();
  if (!has_mark) return has_mark.error();
  if (!*has_mark) return std::optional<MoveMark>();
  auto find = database_->prepare(kMark);
  if (!find) return find.error();
  const auto is_there = find->step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::optional<MoveMark>();
  const bool to_database = find->text(1) == name_of(MoveTo::database);
  return std::optional(
      MoveMark{std::string(find->text(0)), to_database ? MoveTo::database : MoveTo::file});
}

Result<void> SqliteMove::set_mark(const MoveMark& mark) {
  if (const auto made = database_->execute(kMakeMark); !made) return made;
  auto save = database_->prepare(kSaveMark);
  if (!save) return save.error();
  const auto saved = save->bind(std::string_view(mark.instance)).bind(name_of(mark.to)).run();
  if (!saved) return saved.error();
  return {};
}

Result<MovedFacts> SqliteMove::facts() {
  MovedFacts facts{clocks_.all()};
  const auto learnt = rows_.learnt();
  if (!learnt) return learnt.error();
  facts.learnt = learnt->value_or("");
  const auto reserved = rows_.reserved();
  if (!reserved) return reserved.error();
  facts.reserved = *reserved;
  const auto pause = rows_.operator_pause();
  if (!pause) return pause.error();
  facts.pause = *pause;
  return facts;
}

Result<std::vector<MovedRow>> SqliteMove::next(std::size_t max) {
  std::vector<MovedRow> page;
  while (page.size() < max && !is_all_read_) {
    auto row = next_row();
    if (!row) return row.error();
    is_all_read_ = !*row;
    if (*row) page.push_back(std::move(**row));
  }
  return page;
}

Result<std::optional<MovedRow>> SqliteMove::next_row() {
  if (are_rows_read_) return next_ended();
  const auto is_there = pending_.step();
  if (!is_there) return is_there.error();
  are_rows_read_ = !*is_there;
  if (are_rows_read_) return next_ended();
  auto queued = read_queued(pending_, clocks_);
  if (!queued) return broken_row(*database_);
  MovedRow row{{*queued, {}}};
  if (!read_signature(pending_.bytes(kSignatureColumn), row.saved.signature))
    return broken_row(*database_);
  if (pending_.is_null(kOutcomeColumn)) return std::optional(std::move(row));
  auto staged = read_staged(pending_, kOutcomeColumn);
  if (!staged) return broken_row(*database_);
  row.saved.row = std::move(*staged);
  row.saved.again = std::move(queued);
  return std::optional(std::move(row));
}

Result<std::optional<MovedRow>> SqliteMove::next_ended() {
  const auto is_there = ended_.step();
  if (!is_there) return is_there.error();
  if (!*is_there) return std::optional<MovedRow>();
  auto ended = read_tombstone(ended_);
  if (!ended) return broken_row(*database_);
  return std::optional(
      MovedRow{{std::move(*ended), {}}, std::chrono::milliseconds(ended_.number(kRunningColumn))});
}

Result<void> SqliteMove::begin(const MovedFacts& facts) {
  if (const auto begun = database_->execute("BEGIN IMMEDIATE"); !begun) return begun;
  for (const auto& clock : facts.clocks)
    if (const auto saved = clocks_.save(clock); !saved) return saved;
  if (!facts.learnt.empty())
    if (const auto saved = rows_.save_learnt(facts.learnt); !saved) return saved;
  if (facts.reserved)
    if (const auto saved = rows_.save_reserved(*facts.reserved); !saved) return saved;
  return rows_.save_pause(facts.pause);
}

Result<void> SqliteMove::put(const MovedRow& row) {
  const auto& [any, again, signature] = row.saved;
  if (const auto* const queued = std::get_if<QueuedHandshake>(&any))
    return insert(*queued, signature);
  if (const auto* const ended = std::get_if<Tombstone>(&any)) return bury(*ended, row.running);
  if (const auto inserted = insert(*again, signature); !inserted) return inserted;
  const auto staged = rows_.apply(Stage{std::get<StagedHandshake>(any)}, {});
  if (!staged) return staged.error();
  return {};
}

Result<void> SqliteMove::insert(const QueuedHandshake& row,
                                const std::optional<SignaturePrefix>& signature) {
  const auto inserted = insert_.bind(row.id)
                            .bind(row.tag)
                            .bind(std::optional(row.submitted_at - clocks_.shift_of(row.boot)))
                            .bind(row.expiry)
                            .bind(std::int64_t{row.polls})
                            .bind(row.last_pending_at)
                            .bind(row.boot)
                            .bind(std::int64_t{row.attempt})
                            .bind(bytes_of(signature))
                            .bind(std::int64_t{row.is_held ? 1 : 0})
                            .run();
  if (!inserted) return inserted.error();
  return {};
}

Result<void> SqliteMove::bury(const Tombstone& ended, Duration running) {
  const auto running_ms = std::chrono::floor<std::chrono::milliseconds>(running).count();
  const auto buried = bury_.bind(ended.id)
                          .bind(attestrd::name_of(ended.outcome))
                          .bind(std::optional(ended.finished_at))
                          .bind(std::int64_t{running_ms})
                          .bind(ended.tag)
                          .bind(std::int64_t{ended.attempt})
                          .bind(bytes_of(ended.signature))
                          .bind(ended.diverted_to)
                          .run();
  if (!buried) return buried.error();
  return {};
}

Result<void> SqliteMove::commit() { return database_->execute("COMMIT"); }

}  // namespace attestrd
