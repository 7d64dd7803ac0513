#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "queue/queue.h"

namespace attestrd {

class SqliteDatabase;
struct SqliteRows;

/// The queue in one SQLite file, through one connection, which nobody else may share: WAL,
/// `synchronous=FULL`, locked for as long as it is open. May be used by one thread at a time.
class SqliteQueue final : public Queue {
 public:
  /// Opens the file, and makes it (0640) if it is not there; its folder must exist.
  /// `newer_version` when a newer attestrd wrote it, `invalid_input` when it is no queue of ours.
  /// `vfs` names another file system of SQLite's (sqlite.org/vfs.html) than the system's.
  static Result<std::unique_ptr<SqliteQueue>> open(const std::string& path,
                                                   const char* vfs = nullptr);

  /// For the command line, while it holds the lock of a daemon that does not run.
  static Result<std::unique_ptr<SqliteQueue>> open_read_only(const std::string& path);

  ~SqliteQueue() override;

  Result<void> begin() override;
  Result<void> commit() override;
  void rollback() override;
  Result<Acceptance> accept(const Submission& submission, Wall now) override;
  Result<bool> update_progress(const HandshakeId& id, std::uint32_t polls,
                               std::optional<Wall> last_pending_at) override;
  Result<bool> stage(const StagedHandshake& staged) override;
  Result<bool> unstage(const HandshakeId& id) override;
  Result<bool> mark_done(const HandshakeId& id) override;
  Result<std::size_t> purge_tombstones(Wall horizon, std::size_t max_rows) override;
  Result<std::optional<QueuedHandshake>> find_polling(const HandshakeId& id) override;
  Result<KnownHandshake> find(const HandshakeId& id) override;
  Result<void> for_each_polling(
      const std::function<void(const QueuedHandshake& row)>& visit) override;
  Result<std::vector<StagedHandshake>> staged() override;
  Result<QueueCounts> count() override;
  Result<void> save_hazard(std::string_view text) override;
  Result<std::optional<std::string>> hazard() override;
  Result<void> save_reserved(const DayRequests& requests) override;
  Result<std::optional<DayRequests>> reserved() override;

 private:
  explicit SqliteQueue(std::unique_ptr<SqliteRows> rows);

  static Result<std::unique_ptr<SqliteQueue>> make(Result<std::unique_ptr<SqliteDatabase>> opened);
  Result<Acceptance> accept_again(const Submission& submission);
  Result<void> read_polling(const std::function<void(const QueuedHandshake& row)>& visit);
  Result<Acceptance> merge(const Submission& submission, QueuedHandshake row);

  std::unique_ptr<SqliteRows> rows_;
  std::atomic<bool> is_being_read_ = false;
};

}  // namespace attestrd
