#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ledger/ledger.h"
#include "ledger/ledger_notices.h"
#include "queue/queue.h"
#include "spool/record.h"
#include "spool/spool.h"

namespace attestrd {

// Records on their way into staging/; what for is told at the top of ledger.cpp.

/// Step 1 without its sync, and the rows of step 2. What was written ahead comes first.
Result<void> Ledger::stage(const std::vector<Finish>& finishes, Staging how, RoundReport& report) {
  ATTESTRD_CHECK(ahead_.size() <= finishes.size());
  for (std::size_t i = 0; i < finishes.size(); ++i) {
    if (i >= ahead_.size()) {
      if (const auto staged = stage(finishes[i], how, report); !staged) return staged;
    } else {
      const auto staged = stage_row(finishes[i], ahead_[i], report);
      if (!staged) return staged.error();
    }
  }
  ahead_.clear();
  return {};
}

Result<void> Ledger::stage(const Finish& finish, Staging how, RoundReport& report) {
  const auto record = record_of(finish);
  if (!record) return record.error();
  if (!*record) {
    tell_gone(finish, report);
    return {};
  }
  // The row goes first: whatever fails then, undo() knows the record by it.
  const auto staged = stage_row(finish, {finish.id, fingerprint_of(**record)}, report);
  if (!staged) return staged.error();
  if (!*staged) return {};
  auto in_the_way = spool_.stage(finish.id, **record, how);
  if (!in_the_way) return in_the_way.error();
  if (*in_the_way) report.notices.push_back(std::move(**in_the_way));
  return {};
}

/// False: nothing waits for it any more, and so its record is dropped.
Result<bool> Ledger::stage_row(const Finish& finish, const Written& written, RoundReport& report) {
  ATTESTRD_CHECK(written.id == finish.id);
  const auto staged =
      queue_.stage({finish.id, finish.outcome, finish.reason, finish.finished_at, written.record});
  if (!staged) return staged;
  if (*staged) {
    staged_.push_back({finish.id, finish.outcome, outcome_notice(finish)});
    return true;
  }
  tell_gone(finish, report);
  if (const auto dropped = spool_.drop(finish.id); !dropped) return dropped.error();
  return false;
}

/// Nothing: its row is not polled any more.
Result<std::optional<std::string>> Ledger::record_of(const Finish& finish) {
  const auto row = queue_.find_polling(finish.id);
  if (!row) return row.error();
  if (!*row) return std::optional<std::string>();
  return std::optional(write_record(finish, (*row)->tag, (*row)->submitted_at));
}

void Ledger::tell_gone(const Finish& finish, RoundReport& report) {
  report.notices.push_back(row_gone_notice(finish));
  report.settled.push_back(finish.id);
}

/// The sync of step 1. While it lasts records of the next round are written.
Result<void> Ledger::sync(Staging how, const std::vector<Finish>& next) {
  return staged_.empty() ? Result<void>() : spool_.sync_staging(how, writing_ahead(next));
}

/// Writes one record of the next round for each call, until there is nothing more to write.
Meanwhile Ledger::writing_ahead(const std::vector<Finish>& next) {
  const auto most = std::min(next.size(), bounds_.records);
  // On a disk that is nearly full, room is for this round alone.
  if (most_finishes_ != kNoBound || ahead_.size() >= most || !ahead_trouble_) return {};
  return [this, &next, most, goes_on = true]() mutable {
    if (!goes_on) return false;
    const auto written = write_ahead(next[ahead_.size()]);
    if (!written) ahead_trouble_ = written.error();
    goes_on = written && *written && ahead_.size() < most;
    return goes_on;
  };
}

/// False: its row is gone, its name is taken, or there is no room. Its own round will see to that.
Result<bool> Ledger::write_ahead(const Finish& finish) {
  const auto record = record_of(finish);
  if (!record) return record.error();
  if (!*record) return false;
  const auto written = spool_.stage_ahead(finish.id, **record);
  if (written) {
    ahead_.push_back({finish.id, fingerprint_of(**record)});
    return true;
  }
  const Errc code = written.error().code;
  if (code == Errc::disk_full) drop_ahead();
  if (code == Errc::disk_full || code == Errc::already_exists) return false;
  return written.error();
}

/// The room is for what has a row. They are written again once that is published, or by their own
/// round.
void Ledger::drop_ahead() {
  for (const auto& written : std::exchange(ahead_, {})) static_cast<void>(spool_.drop(written.id));
}

}  // namespace attestrd
