#include "ledger/recovery.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "queue/queue.h"
#include "spool/spool.h"

namespace attestrd {

Result<Recovery::HalfDone> Recovery::find(Wall now, std::vector<Notice>& notices) {
  auto rows = queue_.staged();
  if (!rows) return rows.error();
  if (const auto claimed = spool_.claim_staging(*rows); !claimed) return claimed.error();
  if (const auto returned = return_broken_to_polling(*rows, now, notices); !returned)
    return returned.error();

  const auto files = spool_.staged();
  if (!files) return files.error();
  if (const auto dropped = drop_uncommitted(files->records); !dropped) return dropped.error();
  HalfDone half_done;
  for (auto& row : *rows) {
    if (std::ranges::binary_search(files->records, row.id))
      half_done.unpublished.push_back(std::move(row));
    else
      half_done.published.push_back({row.id, row.outcome});
  }
  if (const auto found = find_diverted(*rows, half_done.published, notices); !found)
    return found.error();
  return half_done;
}

/// Notes which of the published records could not get their names, because other files had them.
Result<void> Recovery::find_diverted(const std::vector<StagedHandshake>& rows,
                                     std::vector<Done>& published, std::vector<Notice>& notices) {
  for (auto& done : published) {
    const auto row = std::ranges::find(rows, done.id, &StagedHandshake::id);
    auto diverted = spool_.find_diverted(*row);
    if (!diverted) return diverted.error();
    if (!*diverted) continue;
    done.diverted_to = std::move((*diverted)->file);
    if (auto& notice = (*diverted)->notice) notices.push_back(std::move(*notice));
  }
  return {};
}

/// Removes from `staged` the rows whose records do not match them, and sets these rows back to
/// `polling`. The rows change before the records are moved away: a crash in between would otherwise
/// leave a staged row without a record, and the handshake would count as published.
Result<void> Recovery::return_broken_to_polling(std::vector<StagedHandshake>& staged, Wall now,
                                                std::vector<Notice>& notices) {
  QueueBatch batch;
  std::vector<HandshakeId> broken;
  for (const auto& row : staged) {
    const auto record = spool_.fingerprint(row.id);
    const bool is_unsafe = !record && record.error().code == Errc::unsafe_file;
    if (!record && !is_unsafe) return record.error();
    if (is_unsafe || (*record && **record != row.record)) broken.push_back(row.id);
  }
  if (broken.empty()) return {};
  for (const auto& id : broken) batch.changes.emplace_back(Unstage{id});
  if (const auto written = queue_.write(batch, now); !written) return written.error();
  for (const auto& id : broken) {
    auto notice = spool_.quarantine(
        record_name(id), "its length or SHA-256 is not the queue's; the handshake is polled again");
    if (!notice) return notice.error();
    notices.push_back(std::move(*notice));
  }
  std::erase_if(staged, [&broken](const auto& row) {
    return std::ranges::find(broken, row.id) != broken.end();
  });
  return {};
}

/// Drops the records whose rows were not committed as staged: those of handshakes that are polled
/// again, by this node or another one, and those of readmissions, whose rejected records are still
/// there. They are dropped before anything is published, since publication may need the disk space.
Result<void> Recovery::drop_uncommitted(const std::vector<HandshakeId>& records) {
  const auto rows = queue_.find_polling(records);
  if (!rows) return rows.error();
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!(*rows)[i]) {
      const auto known = queue_.find(records[i]);
      if (!known) return known.error();
      const auto* const ended = std::get_if<EndedHandshake>(&*known);
      const bool is_readmission = ended != nullptr && ended->outcome != Outcome::completed;
      if (!is_readmission && !std::holds_alternative<QueuedHandshake>(*known)) continue;
    }
    const auto dropped = spool_.drop(records[i]);
    if (!dropped && dropped.error().code != Errc::unsafe_file) return dropped;
  }
  return {};
}

/// Quarantines what is left: foreign files, records without a row, and folders that have the name
/// of a record.
Result<void> Recovery::clear_staging(std::vector<Notice>& notices) {
  auto files = spool_.staged();
  if (!files) return files.error();
  for (const auto& id : files->records) files->strangers.push_back(record_name(id));
  for (const auto& name : files->strangers) {
    auto notice = spool_.quarantine(name, "no row of the queue vouches for it");
    if (!notice) return notice.error();
    notices.push_back(std::move(*notice));
  }
  return spool_.sync_moves({});
}

}  // namespace attestrd
