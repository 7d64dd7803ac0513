#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "handshake/known_handshake.h"
#include "queue/postgres/batch_decisions.h"
#include "queue/postgres/postgres_values.h"

namespace attestrd {

class PostgresConnection;

/// The beginning of a statement whose rows read_row() reads: the handshake is `h`, its shelf `s`
/// and the clock of its boot `b`. $1 is the number of the node, $2 the UUID of its spool.
inline constexpr std::string_view kRowColumns =
    "SELECT h.id, h.state, h.shelf, h.revision, encode(h.tag, 'hex'), h.submitted_at, h.expiry, "
    "h.polls, h.last_pending_at, CASE WHEN h.boot_node = $1::int THEN h.boot ELSE 0 END, "
    "coalesce(b.shift_us, 0), h.attempt, h.is_held, h.is_unclaimed, "
    "coalesce(h.spool = $2::uuid, false), h.outcome, h.reason, h.finished_at, h.length_bytes, "
    "encode(h.sha256, 'hex'), encode(h.signature, 'hex'), encode(h.readmitted_from, 'hex'), "
    "encode(h.diverted_to, 'hex'), s.instance, s.epoch, "
    "CASE WHEN h.ended_node = $1::int THEN h.running_ms END FROM ";
/// The number of these columns. Others may follow them.
inline constexpr int kRowColumnCount = 26;

/// A row with its shelf's owner.
struct ReadRow {
  SharedRow row;           ///< `is_ours` is not set yet.
  std::string instance;    ///< The owner of its shelf; empty: there is no such shelf.
  std::int64_t epoch = 0;  ///< Of its shelf.
  /// The running time of this node when it finished the row; nothing if another node did, or if the
  /// row is not done.
  std::optional<Duration> running{};
};

/// Reads a row; nothing if attestrd can't have written it.
std::optional<ReadRow> read_row(const PostgresResult& rows, std::size_t index);

/// Returns the state of its id.
KnownHandshake known_handshake(ReadRow read);

/// Returns the name of a state in the column `state`.
std::string_view name_of(RowState state);

/// Returns the error for a row that attestrd can't have written.
Error broken_row(const PostgresConnection& connection);

}  // namespace attestrd
