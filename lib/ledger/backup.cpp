#include "ledger/backup.h"

#include <utility>

#include "base/limits.h"
#include "spool/backup_mark.h"
#include "spool/record.h"
#include "spool/spool.h"

namespace attestrd {

// A backup of the queue and a copy of the spool are made at different times. A handshake that was
// published after the copy of the spool and before that of the queue has a tombstone in one, and no
// record in the other: it would be lost. But most tombstones have no record because a consumer has
// removed it, and those must not be polled again. Therefore a backup also notes which records were
// still in their folders after the rows were copied, and leaves a mark in the spool:
//
//   - a record was there at the backup, the restored spool has neither it nor the mark: the spool
//     was copied before the record was published. The handshake is polled again.
//   - a record was there at the backup, the restored spool has the mark but not the record: a
//     consumer removed it between the backup and the copy of the spool.
//   - a record was not there at the backup: a consumer removed it before.

Result<std::optional<std::uint64_t>> Backup::step() {
  if (!mark_) {
    const auto is_complete = copy_->copy_slice();
    if (!is_complete) return is_complete.error();
    if (!*is_complete) return std::optional<std::uint64_t>();
    const auto mark = make_backup_mark(spool_root_);
    if (!mark) return mark.error();
    mark_ = *mark;
  }
  const auto ended = copy_->ended_after(noted_up_to_, limits::kCopyEndedPerSlice);
  if (!ended) return ended.error();
  for (const auto& each : *ended)
    if (const auto noted = note_waiting(each); !noted) return noted.error();
  if (!ended->empty()) {
    noted_up_to_ = ended->back().id.view();
    return std::optional<std::uint64_t>();
  }
  const auto size = copy_->finish(*mark_);
  if (!size) return size.error();
  return std::optional(*size);
}

/// Notes an ended handshake whose record is still there. That of a later attempt may have a number.
Result<void> Backup::note_waiting(const Tombstone& ended) {
  for (unsigned number = ended.attempt + 1; number > 0; --number) {
    const auto text = spool_.published(ended.id, ended.outcome, number);
    if (!text && text.error().code == Errc::unsafe_file) continue;  // Not a record of ours.
    if (!text) return text.error();
    if (!*text) continue;
    const auto record = parse_record(**text);
    if (!record || record->id != ended.id || !record->submitted_at) continue;
    return copy_->add_waiting({record->id, record->tag, *record->submitted_at, {}, {}, 0});
  }
  return {};
}

}  // namespace attestrd
