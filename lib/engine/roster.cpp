#include "engine/roster.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace attestrd {
namespace {

std::uint64_t hash_of(const HandshakeId& id) { return std::hash<std::string_view>{}(id.view()); }

}  // namespace

/// A share of the index, as the hash is one of 2^32 (Lemire 2019): so it can be of any size.
std::size_t Roster::home_of(std::uint64_t hash) const {
  return ((hash >> 32) * index_.size()) >> 32;
}

std::size_t Roster::next_place(std::size_t place) const {
  return place + 1 == index_.size() ? 0 : place + 1;
}

std::size_t Roster::distance(std::size_t from, std::size_t to) const {
  return to >= from ? to - from : to + index_.size() - from;
}

std::size_t Roster::distance_from_home(std::size_t place) const {
  const Entry entry = index_[place];
  const std::size_t known = entry >> kDistanceShift;
  return known < kFar ? known : distance(home_of(hash_of(id_of(slot_of(entry)))), place);
}

Roster::Entry Roster::entry_of(Slot slot, std::uint64_t hash, std::size_t behind) {
  return moved(slot | static_cast<Entry>(hash & 1) << kSlotBits, behind);
}

/// The entry, so many places behind its home.
Roster::Entry Roster::moved(Entry entry, std::size_t behind) {
  const auto bits = static_cast<Entry>(std::min(behind, kFar));
  return entry << kDistanceBits >> kDistanceBits | bits << kDistanceShift;
}

std::size_t Roster::place_of(const HandshakeId& id, std::uint64_t hash) const {
  std::size_t place = home_of(hash);
  for (std::size_t behind = 0; index_[place] != kEmpty; place = next_place(place), ++behind) {
    const Slot slot = slot_of(index_[place]);
    // With its own slot put in, so that hash and distance are compared at once.
    if (index_[place] == entry_of(slot, hash, behind) && id_of(slot) == id) break;
  }
  return place;
}

void Roster::reserve(std::size_t handshakes) {
  const std::size_t size = handshakes * 6 / 5 + 1;
  if (size <= index_.size()) return;
  index_ = std::vector<Entry>(size, kEmpty);
  // In the order of memory, which is fast; in that of the old index it would not be.
  for (Slot slot = 0; slot < slots(); ++slot) {
    if (records_[slot].state == PendingRecord::State::vacant) continue;
    const std::uint64_t hash = hash_of(id_of(slot));
    std::size_t place = home_of(hash);
    std::size_t behind = 0;
    for (; index_[place] != kEmpty; place = next_place(place)) ++behind;
    index_[place] = entry_of(slot, hash, behind);
  }
}

Roster::Added Roster::add(const HandshakeId& id) {
  if ((size_ + 1) * 6 > index_.size() * 5) reserve(std::max<std::size_t>(64, size_ * 3 / 2));
  const std::uint64_t hash = hash_of(id);
  const std::size_t place = place_of(id, hash);
  if (index_[place] != kEmpty) return {slot_of(index_[place]), false};
  Slot slot = static_cast<Slot>(records_.size());
  if (vacant_.empty()) {
    ATTESTRD_CHECK(slot < slot_of(kEmpty));
    records_.emplace_back();
  } else {
    slot = vacant_.back();
    vacant_.pop_back();
    records_[slot] = PendingRecord{};
  }
  records_[slot].state = PendingRecord::State::waiting;
  records_[slot].id = ids_.add(id);
  index_[place] = entry_of(slot, hash, distance(home_of(hash), place));
  ++size_;
  return {slot, true};
}

void Roster::remove(Slot slot) {
  const HandshakeId id = id_of(slot);
  erase_from_index(place_of(id, hash_of(id)));
  ids_.remove(records_[slot].id);
  records_[slot].state = PendingRecord::State::vacant;
  vacant_.push_back(slot);
  --size_;
}

// Linear probing without tombstones (Knuth 6.4, algorithm R): what follows the hole moves back.
void Roster::erase_from_index(std::size_t hole) {
  for (std::size_t place = next_place(hole); index_[place] != kEmpty; place = next_place(place)) {
    const std::size_t from_home = distance_from_home(place);
    const std::size_t from_hole = distance(hole, place);
    if (from_home < from_hole) continue;
    index_[hole] = moved(index_[place], from_home - from_hole);
    hole = place;
  }
  index_[hole] = kEmpty;
}

std::optional<Roster::Slot> Roster::find(const HandshakeId& id) const {
  if (index_.empty()) return std::nullopt;
  const Entry entry = index_[place_of(id, hash_of(id))];
  if (entry == kEmpty) return std::nullopt;
  return slot_of(entry);
}

}  // namespace attestrd
