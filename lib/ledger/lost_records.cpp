#include "ledger/lost_records.h"

#include "queue/queue.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

Result<RecordPlace> place_of(Spool& spool, const StagedHandshake& row) {
  const auto staged = spool.fingerprint(row.id);
  if (!staged && staged.error().code != Errc::unsafe_file) return staged.error();
  if (!staged || *staged) return RecordPlace::staging;
  // Another file of this name in the folder is no proof: publication would have put the record
  // aside.
  const auto text = spool.published(row.id, row.outcome);
  if (!text && text.error().code != Errc::unsafe_file) return text.error();
  if (text && *text && fingerprint_of(**text) == row.record) return RecordPlace::folder;
  if (row.attempt == 0) return RecordPlace::lost;
  const auto numbered = spool.find_diverted(row);  // Beside the record of an earlier attempt.
  if (!numbered) return numbered.error();
  return *numbered ? RecordPlace::folder : RecordPlace::lost;
}

RowChange change_of(const StagedRow& row, LostRecords lost) {
  if (lost == LostRecords::poll_again) return Unstage{row.id};
  return Done{row.id, row.outcome};
}

}  // namespace

Result<std::vector<StagedRow>> recover_lost(Queue& queue, Spool& spool, LostRecords lost,
                                            Wall now) {
  const auto staged = queue.staged();
  if (!staged) return staged.error();
  const auto clocks = queue.clocks();
  if (!clocks) return clocks.error();
  QueueBatch batch;
  // A tombstone ages from now on.
  if (!clocks->empty()) batch.running = clocks->back().running;
  std::vector<StagedRow> rows;
  for (const auto& row : *staged) {
    const auto place = place_of(spool, row);
    if (!place) return place.error();
    rows.push_back({row.id, row.outcome, *place});
    if (*place == RecordPlace::lost) batch.changes.push_back(change_of(rows.back(), lost));
  }
  // The rows come first: with the mark, a start would take a lost record for a published one.
  if (const auto written = queue.write(batch, now); !written) return written.error();
  if (const auto claimed = spool.claim_staging({}); !claimed) return claimed.error();
  return rows;
}

}  // namespace attestrd
