#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/stable_vector.h"
#include "engine/id_store.h"
#include "engine/pending.h"
#include "handshake/handshake_id.h"

namespace attestrd {

/// Every pending handshake, by slot and by id. Records lie in blocks that never move, ids apart
/// from them; the index is one open-addressing table of slots. All told 56 bytes of record, 17 of
/// id and 5 to 7 of index a handshake.
class Roster {
 public:
  using Slot = std::uint32_t;

  struct Added {
    Slot slot = 0;
    bool is_new = false;  ///< Else it was there already.
  };

  /// A new one is `waiting`.
  Added add(const HandshakeId& id);
  void remove(Slot slot);
  /// Room in the index for so many in all, so that it need not grow on the way.
  void reserve(std::size_t handshakes);

  std::optional<Slot> find(const HandshakeId& id) const;
  HandshakeId id_of(Slot slot) const { return ids_.at(records_[slot].id); }

  PendingRecord& operator[](Slot slot) { return records_[slot]; }
  const PendingRecord& operator[](Slot slot) const { return records_[slot]; }

  std::size_t size() const { return size_; }
  /// Slots ever used, vacant ones among them: for walks over all.
  Slot slots() const { return static_cast<Slot>(records_.size()); }

 private:
  /// From the low end: a slot, a bit of the hash of its id, and how many places the entry lies
  /// behind its home; kFar: that many or more. So hardly any record is looked at in vain, and
  /// behind one that is removed entries move back without a look at theirs, but for the few that
  /// lie far. Where a million wait, each look is one at cold memory.
  using Entry = std::uint32_t;
  static constexpr int kSlotBits = 26;  // So 67 million handshakes are the most.
  static constexpr int kDistanceBits = 5;
  static constexpr int kDistanceShift = kSlotBits + 1;
  static_assert(kDistanceShift + kDistanceBits == 32);
  static constexpr std::size_t kFar = (1 << kDistanceBits) - 1;
  static constexpr Entry kEmpty = UINT32_MAX;

  static Slot slot_of(Entry entry) { return entry & ((Entry{1} << kSlotBits) - 1); }
  static Entry entry_of(Slot slot, std::uint64_t hash, std::size_t behind);
  static Entry moved(Entry entry, std::size_t behind);
  std::size_t home_of(std::uint64_t hash) const;
  std::size_t next_place(std::size_t place) const;
  std::size_t distance(std::size_t from, std::size_t to) const;
  std::size_t distance_from_home(std::size_t place) const;
  std::size_t place_of(const HandshakeId& id, std::uint64_t hash) const;
  void erase_from_index(std::size_t place);

  StableVector<PendingRecord> records_;
  std::vector<Slot> vacant_;
  IdStore ids_;
  std::vector<Entry> index_;  // linear probing; at most five sixths full
  std::size_t size_ = 0;
};

}  // namespace attestrd
