#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "queue/move/moved_row.h"
#include "queue/sqlite_clocks.h"
#include "queue/sqlite_rows.h"

namespace attestrd {

/// A queue file whose rows move to a database, or into which rows of one move.
class SqliteMove {
 public:
  /// Opens a queue file, and creates it if it is absent. No other process may use it.
  static Result<std::unique_ptr<SqliteMove>> open(const std::string& path);

  Result<std::optional<MoveMark>> mark();
  /// Writes the mark: durably at once, unless between begin() and commit().
  Result<void> set_mark(const MoveMark& mark);

  Result<MovedFacts> facts();
  Result<std::vector<StagedHandshake>> staged() { return rows_.staged(); }
  /// Returns the next rows, in the order of ids but tombstones last; none after the last one.
  Result<std::vector<MovedRow>> next(std::size_t max);

  /// Begins to write into an empty file. Nothing is durable before commit().
  Result<void> begin(const MovedFacts& facts);
  Result<void> put(const MovedRow& row);
  Result<void> commit();

  /// Moves all changes into the file itself, so that it can be renamed once it is closed.
  Result<void> finish() { return database_->checkpoint(); }

 private:
  explicit SqliteMove(std::unique_ptr<SqliteDatabase> database)
      : database_(std::move(database)), clocks_(*database_), rows_(*database_, clocks_) {}

  Result<void> prepare();
  Result<std::optional<MovedRow>> next_row();
  Result<std::optional<MovedRow>> next_ended();
  Result<void> insert(const QueuedHandshake& row, const std::optional<SignaturePrefix>& signature);
  Result<void> bury(const Tombstone& ended, Duration running);

  // Members are destroyed in reverse order: the statements use the database.
  std::unique_ptr<SqliteDatabase> database_;
  SqliteClocks clocks_;
  SqliteRows rows_;
  bool are_rows_read_ = false;  ///< Those of `handshake`; those of `tombstone` follow.
  bool is_all_read_ = false;    ///< A further step would begin anew.
  SqliteStatement pending_;
  SqliteStatement ended_;
  SqliteStatement insert_;
  SqliteStatement bury_;
};

}  // namespace attestrd
