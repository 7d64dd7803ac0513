#include "engine/roster.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace attestrd {

std::uint64_t Roster::hash_of(const HandshakeId& id) {
  return std::hash<std::string_view>{}(id.view());
}

/// Returns the home place of a hash. The hash is scaled to the size of the index (Lemire 2019),
/// which therefore need not be a power of two.
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
  const std::size_t known = entry >> kSlotBits;
  return known < kFar ? known : distance(home_of(hash_of(id_of(slot_of(entry)))), place);
}

Roster::Entry Roster::entry_of(Slot slot, std::size_t from_home) {
  return slot | static_cast<Entry>(std::min(from_home, kFar)) << kSlotBits;
}

std::size_t Roster::place_of(const HandshakeId& id, std::uint64_t hash) const {
  std::size_t place = home_of(hash);
  for (std::size_t from_home = 0; index_[place] != kEmpty; place = next_place(place), ++from_home) {
    const Slot slot = slot_of(index_[place]);
    if (index_[place] == entry_of(slot, from_home) && id_of(slot) == id) break;
  }
  return place;
}

void Roster::reserve(std::size_t handshakes) {
  const std::size_t size = handshakes * 6 / 5 + 1;
  if (size <= index_.size()) return;
  index_ = std::vector<Entry>(size, kEmpty);
  // The walk is in the order of memory: in the order of the old index each id would be a cache
  // miss.
  for (Slot slot = 0; slot < slots(); ++slot) {
    if (records_[slot].state == PendingRecord::State::vacant) continue;
    const std::uint64_t hash = hash_of(id_of(slot));
    std::size_t place = home_of(hash);
    std::size_t from_home = 0;
    for (; index_[place] != kEmpty; place = next_place(place)) ++from_home;
    index_[place] = entry_of(slot, from_home);
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
  index_[place] = entry_of(slot, distance(home_of(hash), place));
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

// Removes an entry. The index has linear probing without tombstones (Knuth 6.4, algorithm R): later
// entries move back into the hole.
void Roster::erase_from_index(std::size_t hole) {
  for (std::size_t place = next_place(hole); index_[place] != kEmpty; place = next_place(place)) {
    const std::size_t from_home = distance_from_home(place);
    const std::size_t from_hole = distance(hole, place);
    if (from_home < from_hole) continue;
    index_[hole] = entry_of(slot_of(index_[place]), from_home - from_hole);
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
