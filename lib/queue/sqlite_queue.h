#pragma once

#include <memory>
#include <string>

#include "queue/queue.h"

namespace attestrd {

class SqliteDatabase;
class SqliteRows;

/// The queue in one SQLite file, through one connection that no other may share: WAL,
/// `synchronous=FULL`, locked for as long as it is open. It has one owner, so that its fence is
/// always the same, nothing is ever lost or `not_ours`, and all that is wanted is reserved. It is
/// never `unavailable` once it is open.
class SqliteQueue final : public Queue {
 public:
  /// Opens the file, and makes it (0640) if it is not there; its folder must exist.
  /// `newer_version` when a newer attestrd wrote it, `invalid_input` when it is not an attestrd
  /// queue file, `unavailable` when another process has it open. `vfs` names another file system
  /// of SQLite's (sqlite.org/vfs.html) than the system's.
  static Result<std::unique_ptr<SqliteQueue>> open(const std::string& path,
                                                   const char* vfs = nullptr);

  /// For the command line, while it holds the lock of a daemon that does not run.
  static Result<std::unique_ptr<SqliteQueue>> open_read_only(const std::string& path);

  ~SqliteQueue() override;

  Result<Claim> claim(std::size_t max_rows) override;
  Result<std::vector<HandshakeId>> renew() override;
  Result<QueueBatchResult> write(const QueueBatch& batch, Wall now) override;
  Result<std::vector<StagedHandshake>> staged() override;
  Result<std::vector<std::optional<QueuedHandshake>>> find_polling(
      std::span<const HandshakeId> ids) override;
  Result<KnownHandshake> find(const HandshakeId& id) override;
  Result<QueueCounts> count() override;
  Result<std::optional<Hazard>> learnt() override;
  Result<std::optional<DayRequests>> reserved() override;

 private:
  explicit SqliteQueue(std::unique_ptr<SqliteRows> rows);

  static Result<std::unique_ptr<SqliteQueue>> make(Result<std::unique_ptr<SqliteDatabase>> opened);
  Result<QueueBatchResult> apply(const QueueBatch& batch, Wall now);
  Result<void> learn(const HazardDelta& delta);

  std::unique_ptr<SqliteRows> rows_;
  std::string claimed_up_to_;  ///< The greatest id of the pages so far.
  bool is_all_claimed_ = false;
  std::optional<Hazard> known_before_;  ///< What was learnt before the queue was opened.
};

}  // namespace attestrd
