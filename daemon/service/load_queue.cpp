#include "daemon/service/load_queue.h"

#include <malloc.h>

#include <algorithm>
#include <cstdint>

#include "base/limits.h"

namespace attestrd {

Result<double> load_queue(Queue& queue, Ledger& ledger, Conductor& conductor,
                          const std::function<void()>& moved) {
  const auto counts = queue.count();
  if (!counts) return counts.error();
  moved();
  const auto learnt = queue.learnt();
  if (!learnt) return learnt.error();
  moved();
  if (*learnt) conductor.step(Learnt{&**learnt});
  const auto reserved = queue.reserved();
  if (!reserved) return reserved.error();
  moved();
  if (*reserved) conductor.step(Recalled{**reserved});
  const auto pause = queue.operator_pause();
  if (!pause) return pause.error();
  moved();
  conductor.step(PauseChanged{*pause});
  conductor.step(Recovering{std::min<std::uint64_t>(counts->polling, limits::kPendingHandshakes),
                            ledger.is_clock_doubtful()});
  for (;;) {
    const auto rows = ledger.claim(limits::kRowsClaimedPerRound);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    for (const QueuedHandshake& row : *rows) conductor.step(Adopted{&row, false});
    moved();
  }
  const auto doubted = ledger.find_doubted();
  if (!doubted) return doubted.error();
  for (const DoubtedAnswer& answer : *doubted)
    conductor.step(DoubtedFound{answer.id, answer.reason, answer.response});
  malloc_trim(0);  // Returns the memory that loading needed to the system.
  return *learnt ? (*learnt)->completions() : 0.0;
}

}  // namespace attestrd
