#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "queue/queue_merge.h"
#include "queue/sqlite_rows.h"

namespace attestrd {

/// Opens a backup, or another queue file that no process writes, for reading. Returns
/// `invalid_input` unless all of the file is well formed.
Result<std::unique_ptr<SqliteDatabase>> open_backup_file(const std::string& path);

/// A restore from one queue file into another, in one transaction.
class SqliteMerge final : public QueueMerge {
 public:
  /// Opens the queue into which `backup` is restored; creates it if it is absent.
  static Result<std::unique_ptr<SqliteMerge>> open(std::unique_ptr<SqliteDatabase> backup,
                                                   const std::string& queue);

  Result<std::optional<std::uint64_t>> number() override;
  Result<std::optional<BackupRow>> next() override;
  Result<KnownHandshake> present(const HandshakeId& id) override {
    return find_row(queue_.rows, id);
  }
  Result<void> put(const BackupRow& row) override;
  Result<void> commit() override;

 private:
  /// A queue file.
  struct File {
    explicit File(std::unique_ptr<SqliteDatabase> opened)
        : database(std::move(opened)), clocks(*database), rows(*database, clocks) {}

    Result<void> prepare(bool is_read_only);

    std::unique_ptr<SqliteDatabase> database;
    SqliteClocks clocks;
    SqliteRows rows;
  };

  SqliteMerge(std::unique_ptr<SqliteDatabase> backup, std::unique_ptr<SqliteDatabase> queue)
      : backup_(std::move(backup)), queue_(std::move(queue)) {}

  Result<void> prepare();
  Result<bool> has_table(std::string_view name);
  Result<std::optional<BackupRow>> next_ended();
  Result<void> insert(const QueuedHandshake& row, const std::optional<SignaturePrefix>& signature);
  Result<void> bury(const Tombstone& ended);
  template <class Row, class Saved>
  Result<void> restore(std::string_view table, Result<std::optional<Row>> (SqliteRows::*read)(),
                       Result<void> (SqliteRows::*save)(Saved));

  // Members are destroyed in reverse order: the statements use the databases.
  File backup_;
  File queue_;
  bool are_rows_read_ = false;  ///< The rows of `handshake`; those of `tombstone` follow.
  SqliteStatement rows_;
  SqliteStatement ended_;
  SqliteStatement insert_;
  SqliteStatement remove_;
  SqliteStatement bury_;
};

}  // namespace attestrd
