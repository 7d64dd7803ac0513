#include "engine/pending.h"

#include <algorithm>
#include <chrono>

namespace attestrd {
namespace {

using std::chrono::seconds;

/// Returns the number of seconds, clamped to the range of 32 bits.
std::uint32_t in_32_bits(seconds duration) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(duration.count(), 0, UINT32_MAX));
}

}  // namespace

Wall PendingRecord::deadline_wall() const { return Wall(seconds(deadline_wall_s)); }

void PendingRecord::set_deadline_wall(Wall wall) {
  deadline_wall_s = in_32_bits(std::chrono::ceil<seconds>(wall.time_since_epoch()));
}

void PendingRecord::move_deadline(Now now, Duration longest) {
  deadline = now.mono + std::clamp(deadline_wall() - now.wall, Duration(0), longest);
}

Mono PendingRecord::suspect_since() const { return submitted + seconds(suspect_after_s); }

void PendingRecord::set_suspect_since(Mono since) {
  suspect_after_s = in_32_bits(std::chrono::floor<seconds>(since - submitted));
}

Mono PendingRecord::rounded_suspect_since(Mono since) const {
  return submitted + seconds(in_32_bits(std::chrono::floor<seconds>(since - submitted)));
}

void PendingRecord::note_hint(Mono now) {
  if (!has_hint() && suspicion == Suspicion::none)
    hinted_after_s = in_32_bits(std::chrono::floor<seconds>(now - submitted));
  is_hinted = true;
}

std::optional<Mono> PendingRecord::hinted_at() const {
  if (!has_hint() || suspicion != Suspicion::none) return std::nullopt;
  return submitted + seconds(hinted_after_s);
}

std::optional<Wall> PendingRecord::last_pending_at(Now now) const {
  if (last_pending == Mono::min()) return std::nullopt;
  return now.wall - (now.mono - last_pending);
}

}  // namespace attestrd
