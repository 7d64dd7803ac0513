#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "handshake/known_handshake.h"
#include "queue/queue_row.h"

namespace attestrd {

class QueueMerge;
class Spool;

/// The state of a handshake in the spool.
struct SpoolView {
  struct Record {
    Outcome outcome{};
    Wall submitted_at{};
    Wall finished_at{};
    std::string tag{};
    std::optional<SignaturePrefix> signature{};
  };

  std::optional<Record> record;      ///< In the folder of its outcome.
  bool is_staged = false;            ///< The very record of a staged row is in staging/.
  bool is_after_the_backup = false;  ///< The spool was copied after the backup.
};

/// Returns the row that a row of a backup becomes beside this spool (see restore.cpp).
BackupRow restored_row(const BackupRow& row, const SpoolView& spool);

/// Returns whether a restored row takes the place of what the queue knows of its id.
bool takes_the_place_of(const KnownHandshake& present, const QueueRow& restored);

/// The numbers of handshakes of a backup, by what has become of them.
struct RestoreCounts {
  std::uint64_t pending = 0;
  std::uint64_t staged = 0;  ///< Their records are in staging/, and the next start publishes them.
  std::uint64_t ended = 0;
  std::uint64_t known_better = 0;  ///< The queue knows them, and keeps its row.
  std::uint64_t again = 0;         ///< Of `pending`: they had ended, but their records are lost.
};

/// Restores a backup into the queue, and notes each record of the spool whose handshake is in
/// neither as ended. `spool_mark` is the number of the last mark in the spool. If a
/// file has the name of a record of a handshake of the backup but is no record, changes nothing and
/// returns `invalid_input` with the names.
Result<RestoreCounts> restore(QueueMerge& merge, Spool& spool, std::uint64_t spool_mark);

}  // namespace attestrd
