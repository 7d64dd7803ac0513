#include "engine/roster.h"

#include <algorithm>
#include <chrono>
#include <functional>

#include "base/check.h"

namespace attestrd {
namespace {

using std::chrono::seconds;

/// The seconds of `duration`, rounded up, as far as 32 bits go.
std::uint32_t whole_seconds(Duration duration) {
  const auto count = std::chrono::ceil<seconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, UINT32_MAX));
}

}  // namespace

Wall PendingRecord::deadline_wall() const { return Wall(seconds(deadline_wall_s)); }

void PendingRecord::set_deadline_wall(Wall wall) {
  deadline_wall_s = whole_seconds(wall.time_since_epoch());
}

Mono PendingRecord::unknown_since() const { return submitted + seconds(unknown_after_s); }

void PendingRecord::set_unknown_since(Mono since) {
  unknown_after_s = whole_seconds(since - submitted);
}

std::size_t Roster::home_of(const HandshakeId& id) const {
  return std::hash<std::string_view>{}(id.view()) & (index_.size() - 1);
}

std::size_t Roster::place_of(const HandshakeId& id) const {
  std::size_t place = home_of(id);
  while (index_[place] != kEmpty && id_of(index_[place]) != id) {
    place = (place + 1) & (index_.size() - 1);
  }
  return place;
}

void Roster::grow_index() {
  std::vector<Slot> old(index_.empty() ? 64 : index_.size() * 2, kEmpty);
  old.swap(index_);
  for (const Slot slot : old) {
    if (slot != kEmpty) index_[place_of(id_of(slot))] = slot;
  }
}

Roster::Slot Roster::add(const HandshakeId& id) {
  if ((size_ + 1) * 4 > index_.size() * 3) grow_index();
  const std::size_t place = place_of(id);
  ATTESTRD_CHECK(index_[place] == kEmpty);
  Slot slot = static_cast<Slot>(records_.size());
  if (vacant_.empty()) {
    records_.emplace_back();
  } else {
    slot = vacant_.back();
    vacant_.pop_back();
    records_[slot] = PendingRecord{};
  }
  records_[slot].id = ids_.add(id);
  index_[place] = slot;
  ++size_;
  return slot;
}

void Roster::remove(Slot slot) {
  erase_from_index(place_of(id_of(slot)));
  ids_.remove(records_[slot].id);
  records_[slot].state = PendingRecord::State::vacant;
  vacant_.push_back(slot);
  --size_;
}

// Linear probing without tombstones (Knuth 6.4, algorithm R): what follows the hole moves back.
void Roster::erase_from_index(std::size_t hole) {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t place = (hole + 1) & mask; index_[place] != kEmpty; place = (place + 1) & mask) {
    const std::size_t home = home_of(id_of(index_[place]));
    if (((place - home) & mask) < ((place - hole) & mask)) continue;
    index_[hole] = index_[place];
    hole = place;
  }
  index_[hole] = kEmpty;
}

std::optional<Roster::Slot> Roster::find(const HandshakeId& id) const {
  if (index_.empty()) return std::nullopt;
  const Slot slot = index_[place_of(id)];
  if (slot == kEmpty) return std::nullopt;
  return slot;
}

}  // namespace attestrd
