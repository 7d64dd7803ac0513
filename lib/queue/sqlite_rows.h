#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queue/queue.h"
#include "queue/queue_row.h"
#include "queue/sqlite_clocks.h"
#include "queue/sqlite_database.h"

namespace attestrd {

/// The tables of the queue file. Each call changes or reads one row, or a page of rows, in the
/// transaction of its caller. A row that attestrd can't have written is an `io_failure`.
// More than 20 methods: one for each change and each query of a row.
class SqliteRows {
 public:
  /// Rows are stored and read with the shifts of `clocks`, which must outlive this object.
  SqliteRows(SqliteDatabase& database, const SqliteClocks& clocks)
      : database_(database), clocks_(clocks) {}

  /// Prepares the statements. Must be called before any other function. If `is_read_only`, those
  /// that write need not be possible.
  Result<void> prepare(bool is_read_only);

  /// `running` is the running time that a new tombstone is stored with.
  Result<Applied> apply(const RowChange& change, Duration running);
  Result<Acceptance> accept(const Submission& submission, const QueueBatch& batch, Wall now);
  Result<std::size_t> purge(Duration ended_before, std::size_t max_rows);

  Result<std::optional<QueuedHandshake>> find_polling(const HandshakeId& id);
  /// Returns the state of an id that has no row in `polling`.
  Result<KnownHandshake> find_ended(const HandshakeId& id);
  /// Returns the first `max_rows` rows in `polling` whose ids are greater than `id`, in the order
  /// of ids.
  Result<std::vector<QueuedHandshake>> polling_after(std::string_view id, std::size_t max_rows);
  /// Does the same for rows in any state.
  Result<std::vector<StoredRow>> rows_after(std::string_view id, std::size_t max_rows);
  Result<std::vector<StagedHandshake>> staged();
  Result<std::optional<HandshakeId>> find_by_signature(const SignedResult& result);
  Result<std::vector<HandshakeId>> find_ended(const EndedQuery& query);
  Result<QueueCounts> count();

  Result<void> save_learnt(std::string_view text);
  Result<std::optional<std::string>> learnt();
  Result<void> save_reserved(const DayRequests& requests);
  Result<std::optional<DayRequests>> reserved();
  Result<void> save_pause(const OperatorPause& pause);
  Result<OperatorPause> operator_pause();

 private:
  Result<bool> change(const Progress& progress, Duration);
  Result<bool> change(const Stage& stage, Duration);
  Result<bool> change(const Unstage& unstage, Duration);
  Result<bool> change(const Done& done, Duration running);
  Result<bool> change(const Reopen& reopen, Duration);
  Result<bool> change(const Readmit& readmit, Duration);
  Result<bool> change(const SetHeld& hold, Duration);
  Result<Acceptance> accept_again(const Submission& submission, Duration give_up_after);
  Result<Acceptance> merge(const Submission& submission, QueuedHandshake row,
                           Duration give_up_after);

  /// The statements that stay prepared while the connection is open.
  struct Statements {
    SqliteStatement find_tombstone;
    SqliteStatement insert;
    SqliteStatement find;
    SqliteStatement merge;
    SqliteStatement update_progress;
    SqliteStatement stage;
    SqliteStatement is_staged;
    SqliteStatement unstage;
    SqliteStatement bury;
    SqliteStatement remove_staged;
    SqliteStatement is_buried;
    SqliteStatement purge;
    SqliteStatement polling_after;
    SqliteStatement all_staged;
    SqliteStatement find_by_signature;
    SqliteStatement count;
  };

  SqliteDatabase& database_;
  const SqliteClocks& clocks_;
  Statements statements_;
};

/// Returns the state of an id.
Result<KnownHandshake> find_row(SqliteRows& rows, const HandshakeId& id);

/// Reads a row whose columns begin with those from `id` to `last_pending_at`, in the order of the
/// table, `boot`, `attempt` and `is_held`. Returns nothing if attestrd can't have written it.
std::optional<QueuedHandshake> read_queued(const SqliteStatement& row, const SqliteClocks& clocks);

/// Reads a row whose first column is `id`, and whose columns from `outcome` to `signature`, with
/// `attempt` and `readmitted_from`, begin at `outcome_column`.
std::optional<StagedHandshake> read_staged(const SqliteStatement& row, int outcome_column);

/// Reads a row whose columns begin with `id`, `outcome`, `finished_at`, `tag`, `attempt`,
/// `signature` and `diverted_to`.
std::optional<Tombstone> read_tombstone(const SqliteStatement& row);

/// Reads a column `signature`, which may be NULL. Returns false if attestrd can't have written it.
bool read_signature(std::span<const unsigned char> bytes, std::optional<SignaturePrefix>& out);
/// Returns the value for such a column.
std::span<const unsigned char> bytes_of(const std::optional<SignaturePrefix>& signature);

/// Returns the error for a row that attestrd can't have written.
Error broken_row(const SqliteDatabase& database);

}  // namespace attestrd
