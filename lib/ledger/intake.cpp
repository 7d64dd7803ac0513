#include "ledger/intake.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "inbox/inbox.h"
#include "ledger/ledger_notices.h"

namespace attestrd {
namespace {

template <class T>
void append(std::vector<T>& target, std::vector<T> more) {
  if (target.empty())
    target = std::move(more);
  else
    std::ranges::move(more, std::back_inserter(target));
}

/// Returns the row that this owner is to poll, or null if there is none.
QueuedHandshake* row_of(Acceptance& acceptance) {
  if (auto* const inserted = std::get_if<InsertedRow>(&acceptance)) return &inserted->row;
  if (auto* const merged = std::get_if<MergedRow>(&acceptance)) return &merged->row;
  return nullptr;
}

}  // namespace

Result<std::vector<Submission>> Intake::read(const ScanRequest& request, Mono now,
                                             std::size_t max_lines, RoundReport& report) {
  auto scan = inbox_.scan(request, now, max_lines);
  if (!scan) return scan.error();
  is_read_ = true;
  report.inbox_scanned = request.is_full;
  report.inbox_has_more = scan->has_more;
  report.kicked = std::move(scan->kicks);
  notices_ = std::move(scan->notices);
  std::vector<Submission> submissions;
  for (auto& [file, lines] : scan->slices) {
    slices_.push_back({std::move(file), lines.size()});
    append(submissions, std::move(lines));
  }
  return submissions;
}

void Intake::finish(std::span<const Submission> submissions, std::vector<Acceptance> acceptances,
                    RoundReport& report) {
  ATTESTRD_CHECK(submissions.size() == acceptances.size());
  report.accepted.reserve(acceptances.size());
  std::size_t next = 0;
  for (const auto& [file, count] : std::exchange(slices_, {})) {
    IntakeNotices notices(file);
    for (const auto end = next + count; next < end; ++next) {
      notices.add(submissions[next].id, acceptances[next]);
      if (auto* const row = row_of(acceptances[next])) report.accepted.push_back(std::move(*row));
    }
    notices.finish(report.notices);
  }
  append(report.notices, std::exchange(notices_, {}));
}

Result<void> Intake::settle(RoundReport& report) {
  if (!std::exchange(is_read_, false)) return {};
  auto settlement = inbox_.settle();
  if (!settlement) return settlement.error();
  append(report.notices, std::move(settlement->notices));
  report.inbox_waits = settlement->waits;
  report.inbox_due = settlement->next_due;
  report.inbox_files = settlement->files;
  return {};
}

void Intake::rewind() {
  slices_.clear();
  notices_.clear();
  is_read_ = false;
  inbox_.rewind();
}

}  // namespace attestrd
