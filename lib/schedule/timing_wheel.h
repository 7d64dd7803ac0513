#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/stable_vector.h"
#include "base/time.h"

namespace attestrd {

/// A hierarchical timing wheel (Varghese and Lauck 1987), which finds the due slots among a
/// million. It has seven levels of 64 lists, each level 64 times coarser than the one below, with a
/// bitmap for each level. Insertion, erasure and the search for the next wake-up take constant
/// time, whatever the number of slots. A slot is a small number chosen by the caller, at most once
/// in the wheel; it costs 12 bytes.
class TimingWheel {
 public:
  using Slot = std::uint32_t;

  /// No slot may be due before `start`.
  explicit TimingWheel(Mono start);

  /// The longest time from now to a due time.
  static constexpr Duration kFurthest = std::chrono::days(49);

  /// Inserts a slot. Due times are rounded up to a millisecond, so that no slot fires early, with
  /// one exception: a slot that is due further away than kFurthest fires after kFurthest, counted
  /// from the last call of pop_due() that removed a slot or found none.
  void insert(Slot slot, Mono due);
  void erase(Slot slot);

  /// Removes and returns one slot that is due at `now`, or returns nothing if none is. Slots that
  /// are due come in no particular order.
  std::optional<Slot> pop_due(Mono now);

  /// Returns the due time of a slot that is in the wheel.
  Mono due_of(Slot slot) const;

  /// Returns a slot whose due time is the earliest of those for which `counts` is true, or nothing
  /// if there is none. Looks at no more than `most` slots, in about the order of their due times,
  /// and returns the earliest of these.
  template <class Counts>
  std::optional<Slot> earliest(const Counts& counts, std::size_t most) const;

  /// Returns when to call pop_due() again, or nothing if the wheel is empty: never later than the
  /// first due time, sometimes earlier (a list of a coarse level has to be spread over finer ones).
  std::optional<Mono> next_wake() const;

 private:
  static constexpr int kBits = 6;
  static constexpr std::size_t kLists = std::size_t{1} << kBits;
  static constexpr std::size_t kLevels = 7;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Node {
    std::uint32_t tick = 0;  // Its low bits: the tick is less than 2^32 above `current_`.
    Slot next = kNone;
    Slot prev = kNone;
  };
  struct Level {
    std::uint64_t occupied = 0;  // One bit for each list.
    std::array<Slot, kLists> heads;
  };

  std::uint64_t tick_of(Mono due) const;
  std::uint64_t tick_of(const Node& node) const;
  Slot& head_of(std::uint64_t tick);
  std::size_t level_of(std::uint64_t tick) const;
  std::size_t list_of(std::uint64_t tick, std::size_t level) const;
  void link(Slot slot);
  std::optional<std::uint64_t> next_tick() const;
  void advance_to(std::uint64_t tick);

  Mono start_;
  // Every slot in a list has a greater tick than `current_`. The highest digit (base 64) in which
  // the two differ selects the level of the slot.
  std::uint64_t current_ = 0;
  std::array<Level, kLevels> levels_;
  Slot due_ = kNone;          // The slots that are due: their tick is `current_`.
  StableVector<Node> nodes_;  // Indexed by slot.
};

template <class Counts>
std::optional<TimingWheel::Slot> TimingWheel::earliest(const Counts& counts,
                                                       std::size_t most) const {
  std::optional<Slot> found;
  // The slots of a list are due before those of each later list, and in any order among themselves.
  const auto search = [&](Slot head) {
    for (Slot slot = head; slot != kNone && most > 0; slot = nodes_[slot].next, --most)
      if (counts(slot) && (!found || tick_of(nodes_[slot]) < tick_of(nodes_[*found]))) found = slot;
  };
  search(due_);
  for (const Level& level : levels_)
    for (std::size_t list = 0; list < kLists && !found && most > 0; ++list)
      search(level.heads[list]);
  return found;
}

}  // namespace attestrd
