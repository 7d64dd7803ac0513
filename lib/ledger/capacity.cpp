#include "ledger/capacity.h"

#include <algorithm>
#include <variant>

#include "base/limits.h"

namespace attestrd {

std::size_t Capacity::lines_to_read() const {
  return has_unclaimed_ ? 0 : std::min(free(), limits::kIntakeLinesPerRound);
}

void Capacity::add_claimed(std::size_t rows, std::size_t wanted) {
  held_ += rows;
  has_unclaimed_ = rows == wanted;
}

void Capacity::note_written(const QueueBatch& batch, const QueueBatchResult& written) {
  const auto is_inserted = [](const Acceptance& acceptance) {
    return std::holds_alternative<InsertedRow>(acceptance);
  };
  add_accepted(static_cast<std::size_t>(std::ranges::count_if(written.acceptances, is_inserted)));
  for (std::size_t i = 0; i < batch.changes.size(); ++i) {
    if (written.changes[i] != Applied::applied) continue;
    const RowChange& change = batch.changes[i];
    if (std::holds_alternative<Done>(change)) remove_ended(1);
    if (std::holds_alternative<Reopen>(change) || std::holds_alternative<Readmit>(change))
      add_accepted(1);
  }
}

void Capacity::add_accepted(std::size_t rows) { held_ += rows; }

void Capacity::remove_ended(std::size_t rows) { held_ -= std::min(held_, rows); }

std::optional<Notice> Capacity::changed() {
  const bool is_full = is_full_ ? free() <= most_ / 100 : free() == 0;
  if (is_full == is_full_) return std::nullopt;
  is_full_ = is_full;
  if (!is_full) return Notice(Event::intake_open, "submissions are accepted again");
  Notice notice(Event::intake_full, "no more handshakes fit: submissions wait in the inbox");
  notice.count = held_;
  return notice;
}

}  // namespace attestrd
