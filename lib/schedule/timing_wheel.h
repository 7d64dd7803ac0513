#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/stable_vector.h"
#include "base/time.h"

namespace attestrd {

/// Says which of a million slots are due. A hierarchical timing wheel (Varghese and Lauck 1987):
/// seven levels of 64 lists, each level 64 times coarser than the one below, with a bitmap a level.
/// Insert and erase cost a constant, whatever the number of slots; so does finding the next
/// wake-up. A slot is a small number chosen by the caller, at most once in the wheel; it costs 12
/// bytes.
class TimingWheel {
 public:
  using Slot = std::uint32_t;

  /// Nothing may be due before `start`.
  explicit TimingWheel(Mono start);

  /// How far away a due time can be.
  static constexpr Duration kFurthest = std::chrono::days(49);

  /// Due times are rounded up to a millisecond: nothing fires early. But what is due further away
  /// than kFurthest fires then, counted from the last call that took out a slot or found none.
  void insert(Slot slot, Mono due);
  void erase(Slot slot);

  /// Takes out one slot that is due at `now`; nothing when none is. Order among them is free.
  std::optional<Slot> pop_due(Mono now);

  /// When a slot that is in the wheel is due.
  Mono due_of(Slot slot) const;

  /// When to call pop_due() again: never later than the first due time, sometimes earlier (a list
  /// of a coarse level has to be spread over finer ones).
  std::optional<Mono> next_wake() const;

 private:
  static constexpr int kBits = 6;
  static constexpr std::size_t kLists = std::size_t{1} << kBits;
  static constexpr std::size_t kLevels = 7;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Node {
    std::uint32_t tick = 0;  // Its low bits: it lies less than 2^32 above `current_`.
    Slot next = kNone;
    Slot prev = kNone;
  };
  struct Level {
    std::uint64_t occupied = 0;  // a bit a list
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
  std::uint64_t current_ = 0;  // Every slot in a list has a greater tick; they differ first in
  std::array<Level, kLevels> levels_;  // the digit (base 64) that names the slot's level.
  Slot due_ = kNone;                   // The slots whose tick has come: theirs is `current_`.
  StableVector<Node> nodes_;           // By slot.
};

}  // namespace attestrd
