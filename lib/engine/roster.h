#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "handshake/handshake_id.h"
#include "schedule/poll_price.h"

namespace attestrd {

/// What the engine knows of one pending handshake.
struct PendingRecord {
  enum class State : std::uint8_t {
    vacant,    ///< No handshake: the slot is free.
    waiting,   ///< In the timing wheel.
    ready,     ///< Due; in a lane, waiting for its turn.
    polling,   ///< A poll is in flight.
    settling,  ///< Ended; the ledger is writing it down.
  };

  Mono submitted;                ///< May lie before the start of the process.
  Mono deadline;                 ///< The last poll falls here.
  Wall deadline_wall;            ///< The same moment, to hold against the clock of the server.
  Mono unknown_since;            ///< First "no such handshake" of the current run of them.
  Mono last_pending = Mono::min();  ///< When Attestr last said "not yet"; Mono::min(): never.
  std::uint64_t tag_digest = 0;  ///< First 8 bytes of the SHA-256 of the tag given; 0: none given.
  std::uint32_t polls = 0;
  std::uint32_t id_offset = 0;
  std::uint32_t response_bytes = 0;  ///< While settling: what the ledger holds for it.
  PollPrice::Load load = 0;          ///< What it adds to the rate while it waits.
  std::uint8_t errors = 0;           ///< In a row; the exponent of its own backoff.
  std::uint8_t doubts = 0;           ///< In a row: answers that seemed forged.
  State state = State::vacant;
  bool is_unknown : 1 = false;    ///< `unknown_since` holds.
  bool is_last_poll : 1 = false;  ///< The poll in flight began at or after the deadline.
  bool is_canary : 1 = false;     ///< The poll in flight is the account's canary.
  bool is_fresh : 1 = false;      ///< Accepted by this process, and not polled yet.
  bool is_taken : 1 = false;      ///< Taken away while a poll or a lane still names its slot.
  bool is_overtime : 1 = false;   ///< Consumed at its deadline, and given time for its result.
  bool is_unsaved : 1 = false;    ///< `polls` has changed since the queue last heard of it.
  bool is_unwatched : 1 = false;  ///< Found in the queue, and no "not yet" came since.
};

/// Every pending handshake, by slot and by id. Records lie in chunks that never move; ids in one
/// arena with a free list for each length; the index is one open-addressing table of slots. All
/// told about 110 bytes a handshake.
class Roster {
 public:
  using Slot = std::uint32_t;

  /// `id` must not be there yet.
  Slot add(const HandshakeId& id);
  void remove(Slot slot);

  std::optional<Slot> find(const HandshakeId& id) const;
  HandshakeId id_of(Slot slot) const;

  PendingRecord& operator[](Slot slot) { return records_[slot]; }
  const PendingRecord& operator[](Slot slot) const { return records_[slot]; }

  std::size_t size() const { return size_; }
  /// Slots ever used, vacant ones among them: for walks over all.
  Slot slots() const { return static_cast<Slot>(records_.size()); }

 private:
  static constexpr Slot kEmpty = UINT32_MAX;

  std::string_view text_of(Slot slot) const;
  std::uint32_t store_text(std::string_view text);
  std::size_t place_of(std::string_view text) const;
  void erase_from_index(std::size_t place);
  void grow_index();

  std::deque<PendingRecord> records_;
  std::vector<Slot> vacant_;
  std::deque<std::array<char, 4096>> text_blocks_;  // [length][text], none across two blocks
  std::uint32_t text_end_ = 0;
  std::array<std::vector<std::uint32_t>, HandshakeId::kMaxLength + 1> vacant_text_;
  std::vector<Slot> index_;  // linear probing; a power of two, at most three quarters full
  std::size_t size_ = 0;
};

}  // namespace attestrd
