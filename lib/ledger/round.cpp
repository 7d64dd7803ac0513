#include "ledger/round.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace attestrd {
namespace {

template <class T>
void append(std::vector<T>& target, std::vector<T> more) {
  if (target.empty())
    target = std::move(more);
  else
    std::ranges::move(more, std::back_inserter(target));
}

/// Adds the requests of `more` to those of `sum`, or replaces `sum` if `more` is of another day.
void append(std::optional<DayRequests>& sum, const std::optional<DayRequests>& more) {
  if (!more) return;
  if (sum && sum->day == more->day)
    sum->requests += more->requests;
  else
    sum = more;
}

}  // namespace

void RoundRequest::join(RoundRequest later) {
  if (scan_inbox && later.scan_inbox)
    scan_inbox->join(*std::move(later.scan_inbox));
  else if (later.scan_inbox)
    scan_inbox = std::move(later.scan_inbox);
  claim = claim || later.claim;
  if (later.purge_older_than) purge_older_than = later.purge_older_than;
  append(finishes, std::move(later.finishes));
  append(doubted, std::move(later.doubted));
  append(progress, std::move(later.progress));
  if (learnt && later.learnt)
    learnt->join(*later.learnt);
  else if (later.learnt)
    learnt = std::move(later.learnt);
  append(reserve, later.reserve);
  append(give_back, later.give_back);
  append(retries, std::move(later.retries));
  append(readmissions, std::move(later.readmissions));
  append(pauses, std::move(later.pauses));
  append(holds, std::move(later.holds));
  append(done_requests, std::move(later.done_requests));
}

bool RoundRequest::is_empty() const {
  return !scan_inbox && !claim && !purge_older_than && finishes.empty() && doubted.empty() &&
         progress.empty() && !learnt && !reserve && !give_back && retries.empty() &&
         readmissions.empty() && pauses.empty() && holds.empty() && done_requests.empty();
}

}  // namespace attestrd
