#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "queue/queue.h"
#include "queue/queue_copy.h"
#include "queue/queue_row.h"

namespace attestrd {

class SqliteClocks;
class SqliteDatabase;
class SqliteRows;

/// The queue in one SQLite file, with one connection that locks the file while it is open, in WAL
/// mode with `synchronous=FULL`. It has one owner, so its fence is always the same, no row is ever
/// lost or `not_ours`, and every reservation is granted in full. Once it is open, it is never
/// `unavailable`.
class SqliteQueue final : public Queue {
 public:
  /// Opens the file, and creates it (0640) if it is absent; its folder must exist. Errors:
  /// `newer_version` if a newer attestrd wrote it, `invalid_input` if it is not an attestrd queue
  /// file, `unavailable` if another process has it open. `vfs` names a VFS of SQLite
  /// (sqlite.org/vfs.html) to use instead of the default.
  static Result<std::unique_ptr<SqliteQueue>> open(const std::string& path,
                                                   const char* vfs = nullptr);

  /// Opens the file for reading, for a command that holds the lock of a daemon that does not run.
  /// write() then fails.
  static Result<std::unique_ptr<SqliteQueue>> open_read_only(const std::string& path);

  ~SqliteQueue() override;

  Result<Claim> claim(std::size_t max_rows) override;
  Result<std::vector<HandshakeId>> renew() override;
  Result<QueueBatchResult> write(const QueueBatch& batch, Wall now) override;
  Result<std::vector<StagedHandshake>> staged() override;
  Result<std::vector<std::optional<QueuedHandshake>>> find_polling(
      std::span<const HandshakeId> ids) override;
  Result<KnownHandshake> find(const HandshakeId& id) override;
  Result<std::vector<std::optional<HandshakeId>>> find_by_signature(
      std::span<const SignedResult> results) override;
  Result<std::vector<HandshakeId>> find_ended(const EndedQuery& query) override;
  Result<QueueCounts> count() override;
  Result<std::vector<BootClock>> clocks() override;
  Result<std::optional<Hazard>> learnt() override;
  Result<std::optional<DayRequests>> reserved() override;
  Result<OperatorPause> operator_pause() override;

  /// Returns the first `max_rows` rows whose ids are greater than `id`, in the order of ids, also
  /// those that are staged. For commands that read the file while no daemon runs.
  Result<std::vector<StoredRow>> rows_after(std::string_view id, std::size_t max_rows);

  /// Begins a copy into a file at `path`, in the place of a file that an earlier copy left there.
  /// The copy must end before the queue.
  Result<std::unique_ptr<QueueCopy>> copy(const std::string& path);

 private:
  explicit SqliteQueue(std::unique_ptr<SqliteDatabase> database);

  static Result<std::unique_ptr<SqliteQueue>> make(Result<std::unique_ptr<SqliteDatabase>> opened,
                                                   bool is_read_only);
  Result<QueueBatchResult> apply(const QueueBatch& batch, Wall now);
  Result<void> learn(const HazardDelta& delta);

  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<SqliteClocks> clocks_;
  std::unique_ptr<SqliteRows> rows_;
  std::string claimed_up_to_;  ///< The greatest id that was claimed so far.
  bool is_all_claimed_ = false;
  bool is_read_only_ = false;
  std::optional<Hazard> known_before_;  ///< The hazard learnt before the queue was opened.
};

}  // namespace attestrd
