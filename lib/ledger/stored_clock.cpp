#include "ledger/stored_clock.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/limits.h"

namespace attestrd {

StoredClock::StoredClock(std::vector<BootClock> known, const Boot& boot, Now now)
    : boots_(std::move(known)), earliest_(boot.earliest), counted_up_to_(now.mono) {
  const bool is_first = boots_.empty();
  const BootClock before = is_first ? BootClock() : boots_.back();
  unsaved_from_ = boots_.size();
  // A name of the boot is no proof: in a restored copy of the machine its clocks may be earlier.
  const bool is_same =
      !is_first && !boot.id.empty() && before.id == boot.id && before.reading.mono <= now.mono;
  if (!is_same) boots_.push_back({before.number + 1, boot.id, now, {}, before.running});
  is_doubtful_at_start_ = is_same ? notice_jump(now) : !is_first;
  put_earlier_boots_right(now);
}

void StoredClock::advance(Now now) {
  BootClock& current = boots_.back();
  // The clock continues during a suspend, which is no running time.
  current.running += std::clamp(now.mono - counted_up_to_, Duration(0), limits::kRunningStep);
  counted_up_to_ = std::max(counted_up_to_, now.mono);
  if (notice_jump(now)) put_earlier_boots_right(now);
  if (now.mono - current.reading.mono < limits::kClockSaveInterval) return;
  current.reading = now;
  mark_unsaved(boots_.size() - 1);
}

std::vector<BootClock> StoredClock::unsaved() const {
  return {boots_.begin() + static_cast<std::ptrdiff_t>(unsaved_from_), boots_.end()};
}

bool StoredClock::notice_jump(Now now) {
  BootClock& current = boots_.back();
  const Duration jump = clock_basis(now) - clock_basis(current.reading);
  if (std::chrono::abs(jump) < limits::kClockJump) return false;
  current.shift += jump;
  current.reading = now;
  mark_unsaved(boots_.size() - 1);
  return true;
}

void StoredClock::put_earlier_boots_right(Now now) {
  if (now.wall < earliest_) return;
  const Wall booted = now.wall - now.mono.time_since_epoch();
  for (std::size_t i = 0; i + 1 < boots_.size(); ++i) {
    BootClock& earlier = boots_[i];
    if (earlier.reading.wall + earlier.shift >= earliest_) continue;
    earlier.shift = booted - earlier.reading.wall;
    mark_unsaved(i);
  }
}

void StoredClock::mark_unsaved(std::size_t index) {
  unsaved_from_ = std::min(unsaved_from_, index);
}

}  // namespace attestrd
