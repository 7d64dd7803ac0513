#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake_id.h"

struct sqlite3;
struct sqlite3_stmt;

namespace attestrd {

class SqliteDatabase;

/// A prepared statement, kept for as long as the connection is open. Parameters are bound in their
/// order; text is not copied, so it must live until the statement is reset.
class SqliteStatement {
 public:
  SqliteStatement& bind(std::string_view text);
  SqliteStatement& bind(std::int64_t number);
  SqliteStatement& bind(std::optional<Wall> time);
  SqliteStatement& bind(std::span<const unsigned char> bytes);
  SqliteStatement& bind(const HandshakeId& id) { return bind(id.view()); }

  /// Steps to the next row. Returns whether there is a row to read; if not, and after an error, the
  /// statement is reset.
  Result<bool> step();

  /// Runs a statement that returns no rows. Returns the number of rows that it changed.
  Result<std::int64_t> run();

  /// Returns whether there is a row, and resets the statement.
  Result<bool> exists();

  std::string_view text(int column) const;
  std::int64_t number(int column) const;
  std::optional<Wall> time(int column) const;
  std::span<const unsigned char> bytes(int column) const;
  bool is_null(int column) const;

  /// Ends a read before its last row.
  void reset();

 private:
  friend class SqliteDatabase;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  SqliteDatabase* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

/// A connection to a SQLite file. Every error names the file.
class SqliteDatabase {
 public:
  /// Opens a file. `flags` and `vfs` are those of sqlite3_open_v2().
  static Result<std::unique_ptr<SqliteDatabase>> open(const std::string& path, int flags,
                                                      const char* vfs = nullptr);

  /// Opens a file that has no log and that nobody writes, for reading. Makes no file beside it.
  static Result<std::unique_ptr<SqliteDatabase>> open_immutable(const std::string& path);

  Result<void> execute(const char* sql);
  Result<SqliteStatement> prepare(std::string_view sql);

  /// Returns the first column of the first row, or an empty text if there is no row.
  Result<std::string> ask(const std::string& sql);

  /// Moves the changes in the log into the file, and syncs both.
  Result<void> checkpoint();

  /// Does a checkpoint once the log is long. SQLite's own checkpoints ignore errors; here an error
  /// (except a full disk) ends the process, since a failed sync must not be repeated.
  Result<void> checkpoint_if_due();

  /// Remembers which file the log is. Must be called once the log is there.
  Result<void> remember_log();

  /// Returns `io_failure` if the paths do not lead to the open file and its log any more: changes
  /// written to them would reach no reader.
  Result<void> check_place();

  /// Frees the memory of pages that no statement is reading.
  void drop_cache();

  bool is_in_transaction() const;
  sqlite3* connection() const { return connection_.get(); }
  const std::string& path() const { return path_; }

  /// Returns the error of the last call. Its message begins with `what`.
  Error last_error(std::string_view what) const;

 private:
  friend class SqliteStatement;

  struct Close {
    void operator()(sqlite3* connection) const;
  };

  explicit SqliteDatabase(std::string path) : path_(std::move(path)) {}

  static Result<std::unique_ptr<SqliteDatabase>> open_name(const std::string& path,
                                                           const std::string& name, int flags,
                                                           const char* vfs);

  const char* log_path() const;

  std::string path_;
  std::unique_ptr<sqlite3, Close> connection_;
  int log_pages_ = 0;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> log_;  ///< Device and inode.
};

}  // namespace attestrd
