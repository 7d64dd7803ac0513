#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

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

  /// True: there is a row to read. An error has reset the statement.
  Result<bool> step();

  /// Steps over a statement without rows. Returns how many rows it changed.
  Result<std::int64_t> run();

  /// Whether there is a row; reads none.
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
  /// `flags` and `vfs` as of sqlite3_open_v2().
  static Result<std::unique_ptr<SqliteDatabase>> open(const std::string& path, int flags,
                                                      const char* vfs = nullptr);

  Result<void> execute(const char* sql);
  Result<SqliteStatement> prepare(std::string_view sql);

  /// The first column of the first row.
  Result<std::string> ask(const std::string& sql);

  /// Moves what the log holds into the file, and syncs both.
  Result<void> checkpoint();

  /// The same once the log is long. SQLite's own checkpoints drop their
  /// errors; here one ends the process, since what failed to sync must not be synced again.
  Result<void> checkpoint_if_due();

  /// `io_failure` when the path does not lead to the file any more: nobody would read what is
  /// written there.
  Result<void> check_place();

  /// Gives back the memory of pages that no statement is reading.
  void drop_cache();

  bool is_in_transaction() const;
  const std::string& path() const { return path_; }

  /// The error that the last call ended with.
  Error last_error(std::string_view what) const;

 private:
  friend class SqliteStatement;

  struct Close {
    void operator()(sqlite3* connection) const;
  };

  explicit SqliteDatabase(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::unique_ptr<sqlite3, Close> connection_;
  int log_pages_ = 0;
};

}  // namespace attestrd
