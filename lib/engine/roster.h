#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/stable_vector.h"
#include "engine/id_store.h"
#include "engine/pending.h"
#include "handshake/handshake_id.h"

namespace attestrd {

/// A table of every pending handshake, by slot and by id. Records lie in blocks that never move,
/// and ids are stored apart from them; the index is one open-addressing table of slots. A handshake
/// costs 56 bytes of record, 17 of id and 5 to 7 of index.
///
/// The index is a table of our own to save memory: with a `boost::unordered_flat_set` of slots,
/// whose size is a power of two, a handshake costs 95 to 97 bytes in all instead of 90 to 92 (a
/// million handshakes, and 1 % after its growth). The flat set would need 300 instructions fewer
/// for a search and 1,800 fewer for a removal and an addition.
class Roster {
 public:
  using Slot = std::uint32_t;

  struct Added {
    Slot slot = 0;
    bool is_new = false;  ///< False: the id was known before.
  };

  /// Adds an id unless it is known. The state of a new record is `waiting`.
  Added add(const HandshakeId& id);
  void remove(Slot slot);

  /// Makes the index large enough for this many handshakes in all, so that it need not grow later.
  void reserve(std::size_t handshakes);

  std::optional<Slot> find(const HandshakeId& id) const;
  /// Returns the hash of an id that the index uses.
  static std::uint64_t hash_of(const HandshakeId& id);
  HandshakeId id_of(Slot slot) const { return ids_.at(records_[slot].id); }

  PendingRecord& operator[](Slot slot) { return records_[slot]; }
  const PendingRecord& operator[](Slot slot) const { return records_[slot]; }

  std::size_t size() const { return size_; }

  /// Returns the number of slots ever used, including vacant ones, for walks over all slots.
  Slot slots() const { return static_cast<Slot>(records_.size()); }

 private:
  /// A slot (low bits) and the distance of the entry from its home place; kFar means that distance
  /// or more. With the distance known, a search compares only ids that have the same home, and a
  /// removal moves entries back without reading their ids, except for the few that are far from
  /// home. With a million handshakes each id that is read is a cache miss.
  using Entry = std::uint32_t;
  static constexpr int kSlotBits = 26;  // At most 67 million handshakes.
  static constexpr std::size_t kFar = (std::size_t{1} << (32 - kSlotBits)) - 1;
  static constexpr Entry kEmpty = UINT32_MAX;

  static Slot slot_of(Entry entry) { return entry & ((Entry{1} << kSlotBits) - 1); }
  static Entry entry_of(Slot slot, std::size_t from_home);
  std::size_t home_of(std::uint64_t hash) const;
  std::size_t next_place(std::size_t place) const;
  std::size_t distance(std::size_t from, std::size_t to) const;
  std::size_t distance_from_home(std::size_t place) const;
  std::size_t place_of(const HandshakeId& id, std::uint64_t hash) const;
  void erase_from_index(std::size_t place);

  StableVector<PendingRecord> records_;
  std::vector<Slot> vacant_;
  IdStore ids_;
  std::vector<Entry> index_;  ///< Linear probing; at most five sixths full.
  std::size_t size_ = 0;
};

}  // namespace attestrd
