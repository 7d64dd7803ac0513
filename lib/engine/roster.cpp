#include "engine/roster.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace attestrd {
namespace {

constexpr std::uint32_t kBlockBytes = 4096;

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

}  // namespace

std::string_view Roster::text_of(Slot slot) const {
  const std::uint32_t offset = records_[slot].id_offset;
  const char* const entry = text_blocks_[offset / kBlockBytes].data() + offset % kBlockBytes;
  return {entry + 1, static_cast<std::uint8_t>(*entry)};
}

std::uint32_t Roster::store_text(std::string_view text) {
  auto& vacant = vacant_text_[text.size()];
  std::uint32_t offset = text_end_;
  if (!vacant.empty()) {
    offset = vacant.back();
    vacant.pop_back();
  } else {
    const auto bytes = static_cast<std::uint32_t>(text.size() + 1);
    if (text_blocks_.empty() || text_end_ % kBlockBytes + bytes > kBlockBytes ||
        text_end_ % kBlockBytes == 0) {
      offset = static_cast<std::uint32_t>(text_blocks_.size()) * kBlockBytes;
      text_blocks_.emplace_back();
    }
    text_end_ = offset + bytes;
  }
  char* const entry = text_blocks_[offset / kBlockBytes].data() + offset % kBlockBytes;
  *entry = static_cast<char>(text.size());
  std::copy(text.begin(), text.end(), entry + 1);
  return offset;
}

std::size_t Roster::place_of(std::string_view text) const {
  std::size_t place = hash_of(text) & (index_.size() - 1);
  while (index_[place] != kEmpty && text_of(index_[place]) != text) {
    place = (place + 1) & (index_.size() - 1);
  }
  return place;
}

void Roster::grow_index() {
  std::vector<Slot> old(index_.empty() ? 64 : index_.size() * 2, kEmpty);
  old.swap(index_);
  for (const Slot slot : old) {
    if (slot != kEmpty) index_[place_of(text_of(slot))] = slot;
  }
}

Roster::Slot Roster::add(const HandshakeId& id) {
  if ((size_ + 1) * 4 > index_.size() * 3) grow_index();
  const std::size_t place = place_of(id.view());
  ATTESTRD_CHECK(index_[place] == kEmpty);
  Slot slot = static_cast<Slot>(records_.size());
  if (vacant_.empty()) {
    records_.emplace_back();
  } else {
    slot = vacant_.back();
    vacant_.pop_back();
    records_[slot] = PendingRecord{};
  }
  records_[slot].id_offset = store_text(id.view());
  index_[place] = slot;
  ++size_;
  return slot;
}

void Roster::remove(Slot slot) {
  const std::string_view text = text_of(slot);
  erase_from_index(place_of(text));
  vacant_text_[text.size()].push_back(records_[slot].id_offset);
  records_[slot].state = PendingRecord::State::vacant;
  vacant_.push_back(slot);
  --size_;
}

// Linear probing without tombstones (Knuth 6.4, algorithm R): what follows the hole moves back.
void Roster::erase_from_index(std::size_t hole) {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t place = (hole + 1) & mask; index_[place] != kEmpty; place = (place + 1) & mask) {
    const std::size_t home = hash_of(text_of(index_[place])) & mask;
    if (((place - home) & mask) < ((place - hole) & mask)) continue;
    index_[hole] = index_[place];
    hole = place;
  }
  index_[hole] = kEmpty;
}

std::optional<Roster::Slot> Roster::find(const HandshakeId& id) const {
  if (index_.empty()) return std::nullopt;
  const Slot slot = index_[place_of(id.view())];
  if (slot == kEmpty) return std::nullopt;
  return slot;
}

HandshakeId Roster::id_of(Slot slot) const { return *HandshakeId::parse(text_of(slot)); }

}  // namespace attestrd
