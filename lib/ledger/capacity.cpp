#include "ledger/capacity.h"

#include <algorithm>

#include "base/limits.h"

namespace attestrd {

std::size_t Capacity::lines_to_read() const {
  return has_unclaimed_ ? 0 : std::min(free(), limits::kIntakeLinesPerRound);
}

void Capacity::add_claimed(std::size_t rows, std::size_t wanted) {
  held_ += rows;
  has_unclaimed_ = rows == wanted;
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
