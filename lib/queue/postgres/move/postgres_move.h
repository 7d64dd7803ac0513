#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "queue/move/moved_row.h"
#include "queue/postgres/move/postgres_moved_rows.h"
#include "queue/postgres/postgres_nodes.h"
#include "queue/postgres/postgres_row_reader.h"

namespace attestrd {

class PostgresConnection;

/// Returns whether the move with this mark was committed for the node of a spool. If not, it never
/// will be: a commit of it that is on its way is waited for, and fails if it comes later.
Result<bool> is_move_committed(PostgresConnection& connection, const std::string& spool,
                               const std::string& instance);

/// Returns `unavailable` unless the queue belongs to this process alone: it names other nodes that
/// live, and those whose rows or records another process must bring to their end.
Result<void> check_sole_owner(PostgresConnection& connection, const Membership& member);

/// The rows of a node that move into the database or out of it, in one transaction of a process
/// that has entered the fleet. Another connection than this one must send its beats meanwhile.
/// Errors end the transaction, and those of PostgresConnection with it.
class PostgresMove {
 public:
  PostgresMove(std::unique_ptr<PostgresConnection> connection, Membership member);
  ~PostgresMove();

  /// Begins the transaction.
  Result<void> begin();

  /// Writes the state of the file beside its rows. Must come before the rows.
  Result<void> put_facts(const MovedFacts& facts);
  /// Inserts rows. Returns the ids that the database has already, without those that have ended in
  /// the file: of these the database knows as much.
  Result<std::vector<HandshakeId>> put(std::span<const MovedRow> rows);
  /// Ends the move into the database: the node is dead, as the instance of the mark, and has the
  /// rows in its shelves.
  Result<void> finish_putting(const std::string& instance);

  Result<MovedFacts> take_facts();
  /// Removes the next rows, in the order of ids, and returns them; none after the last one.
  Result<std::vector<MovedRow>> take(std::size_t max);
  /// Ends the move out of the database likewise. Fails if another node lives or has put rows there
  /// meanwhile.
  Result<void> finish_taking(const std::string& instance);

  void roll_back();
  /// Returns whether the error of the last call leaves open if it was committed.
  bool is_outcome_unknown() const { return is_outcome_unknown_; }

 private:
  Result<void> finish(PostgresPipeline before, const std::string& instance);
  Result<MovedRow> moved(ReadRow read) const;

  std::unique_ptr<PostgresConnection> connection_;
  Membership member_;
  std::int64_t round_ = 0;
  MovedClocks clocks_;
  OperatorPause pause_;      ///< The one that moves.
  std::string taken_up_to_;  ///< The id of the last row that was taken.
  bool is_outcome_unknown_ = false;
};

}  // namespace attestrd
