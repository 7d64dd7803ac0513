#include <algorithm>
#include <iterator>
#include <utility>

#include "ledger/ledger.h"
#include "ledger/ledger_notices.h"
#include "queue/queue.h"
#include "spool/spool.h"

namespace attestrd {

// What a process that died left half done; where each goes on is told at the top of ledger.cpp.

Result<std::vector<Notice>> Ledger::recover(Wall now) {
  std::vector<Notice> notices;
  auto rows = queue_.staged();
  if (!rows) return rows.error();
  if (const auto claimed = spool_.claim_staging(rows->size()); !claimed) return claimed.error();
  if (const auto returned = return_broken_to_polling(*rows, notices); !returned)
    return returned.error();

  const auto files = spool_.staged();
  if (!files) return files.error();
  if (const auto dropped = drop_polling(files->records); !dropped) return dropped.error();
  for (const auto& row : *rows) {
    if (std::ranges::binary_search(files->records, row.id))
      staged_.push_back({row.id, row.outcome, outcome_notice(row.id, row.outcome, row.reason)});
    else
      unmarked_.push_back(row.id);
  }
  const std::size_t half_done = rows->size();
  if (const auto published = publish({}); !published) return published.error();
  // Step 4 for those that the process before had renamed, and maybe not synced.
  if (const auto synced = spool_.sync_moves({}); !synced) return synced.error();
  std::ranges::move(published_.notices, std::back_inserter(notices));
  published_ = {};

  RoundRequest marks_alone;
  const auto marked = round(marks_alone, now);
  if (!marked) return marked.error();
  if (const auto cleared = clear_staging(notices); !cleared) return cleared.error();
  const auto counts = queue_.count();
  if (!counts) return counts.error();
  notices.push_back(recovered_notice(*counts, half_done));
  return notices;
}

/// Takes out of `staged` the rows whose records are not what the rows say. The rows go first: with
/// the record gone and the row still staged, the handshake would pass for published.
Result<void> Ledger::return_broken_to_polling(std::vector<StagedHandshake>& staged,
                                              std::vector<Notice>& notices) {
  std::vector<HandshakeId> broken;
  for (const auto& row : staged) {
    const auto record = spool_.fingerprint(row.id);
    const bool is_unsafe = !record && record.error().code == Errc::unsafe_file;
    if (!record && !is_unsafe) return record.error();
    if (is_unsafe || (*record && **record != row.record)) broken.push_back(row.id);
  }
  if (broken.empty()) return {};
  if (const auto begun = queue_.begin(); !begun) return begun;
  for (const auto& id : broken) {
    const auto returned = queue_.unstage(id);
    if (!returned) return returned.error();
  }
  if (const auto committed = queue_.commit(); !committed) return committed;
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

/// The records of handshakes that are asked for again. They go before anything is published, which
/// may need the room.
Result<void> Ledger::drop_polling(const std::vector<HandshakeId>& records) {
  for (const auto& id : records) {
    const auto row = queue_.find_polling(id);
    if (!row) return row.error();
    if (!*row) continue;
    const auto dropped = spool_.drop(id);
    if (!dropped && dropped.error().code != Errc::unsafe_file) return dropped;
  }
  return {};
}

/// What is in staging/ now belongs to no row, or is a folder under the name of one.
Result<void> Ledger::clear_staging(std::vector<Notice>& notices) {
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
