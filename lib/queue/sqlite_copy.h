#pragma once

#include <memory>
#include <string>

#include "files/posix_calls.h"
#include "queue/queue_copy.h"
#include "queue/sqlite_database.h"

struct sqlite3_backup;

namespace attestrd {

/// A copy of a queue file, made with sqlite3_backup on the connection of its owner. SQLite repeats
/// in the copy what the owner commits meanwhile, so that the copy need not begin anew.
///
/// The copy is a queue file with two tables more: `backup`, the number of its mark in the spool,
/// and `waiting`, the records that no consumer had removed.
class SqliteCopy final : public QueueCopy {
 public:
  /// Creates the file (0600) and replaces what an earlier copy left at `path`.
  static Result<std::unique_ptr<QueueCopy>> begin(SqliteDatabase& source, const std::string& path);

  SqliteCopy(const SqliteCopy&) = delete;
  SqliteCopy& operator=(const SqliteCopy&) = delete;
  ~SqliteCopy() override;

  Result<bool> copy_slice() override;
  Result<std::vector<Tombstone>> ended_after(std::string_view id, std::size_t max) override;
  Result<void> add_waiting(const QueuedHandshake& row) override;
  Result<std::uint64_t> finish(std::uint64_t number) override;
  Result<std::size_t> read(std::uint64_t offset, std::span<char> room) override;

 private:
  struct Finish {
    void operator()(sqlite3_backup* backup) const;
  };

  SqliteCopy(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  Result<void> open();
  Result<void> end_of_rows();
  Error write_error(int error) const;

  std::string path_;
  Descriptor file_;
  // Members are destroyed in reverse order: the statements and the backup use the database.
  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<sqlite3_backup, Finish> backup_;
  SqliteStatement ended_after_;
  SqliteStatement add_waiting_;
};

}  // namespace attestrd
