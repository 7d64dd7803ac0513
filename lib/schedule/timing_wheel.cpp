#include "schedule/timing_wheel.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace attestrd {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(1);
// Seven levels of six bits reach 139 years after the start.
constexpr std::uint64_t kLastTick = (std::uint64_t{1} << 42) - 1;
constexpr std::uint64_t kFurthestTicks = TimingWheel::kFurthest / kTick;
static_assert(kFurthestTicks <= UINT32_MAX);

}  // namespace

TimingWheel::TimingWheel(Mono start) : start_(start) {
  for (Level& level : levels_) level.heads.fill(kNone);
}

std::uint64_t TimingWheel::tick_of(Mono due) const {
  if (due <= start_) return current_;
  const auto ticks = static_cast<std::uint64_t>((due - start_ + kTick - Duration(1)) / kTick);
  return std::clamp(ticks, current_, std::min(current_ + kFurthestTicks, kLastTick));
}

std::uint64_t TimingWheel::tick_of(const Node& node) const {
  return current_ + (node.tick - static_cast<std::uint32_t>(current_));
}

std::size_t TimingWheel::level_of(std::uint64_t tick) const {
  const int highest_differing_bit = 63 - std::countl_zero(tick ^ current_);
  return static_cast<std::size_t>(highest_differing_bit / kBits);
}

std::size_t TimingWheel::list_of(std::uint64_t tick, std::size_t level) const {
  return (tick >> (level * kBits)) & (kLists - 1);
}

TimingWheel::Slot& TimingWheel::head_of(std::uint64_t tick) {
  if (tick <= current_) return due_;
  const std::size_t level = level_of(tick);
  return levels_[level].heads[list_of(tick, level)];
}

void TimingWheel::link(Slot slot) {
  Node& node = nodes_[slot];
  const std::uint64_t tick = tick_of(node);
  Slot& head = head_of(tick);
  node.prev = kNone;
  node.next = head;
  if (head != kNone) nodes_[head].prev = slot;
  head = slot;
  if (tick > current_) {
    const std::size_t level = level_of(tick);
    levels_[level].occupied |= std::uint64_t{1} << list_of(tick, level);
  }
}

void TimingWheel::insert(Slot slot, Mono due) {
  while (slot >= nodes_.size()) nodes_.emplace_back();
  nodes_[slot].tick = static_cast<std::uint32_t>(tick_of(due));
  link(slot);
}

void TimingWheel::erase(Slot slot) {
  Node& node = nodes_[slot];
  const std::uint64_t tick = tick_of(node);
  Slot& head = head_of(tick);
  if (node.next != kNone) nodes_[node.next].prev = node.prev;
  if (node.prev != kNone) {
    nodes_[node.prev].next = node.next;
  } else {
    ATTESTRD_CHECK(head == slot);
    head = node.next;
  }
  if (head == kNone && tick > current_) {
    const std::size_t level = level_of(tick);
    levels_[level].occupied &= ~(std::uint64_t{1} << list_of(tick, level));
  }
}

std::optional<std::uint64_t> TimingWheel::next_tick() const {
  // Slots of a coarser level differ from the current tick in a higher digit, so the finest level
  // comes first.
  for (std::size_t level = 0; level < kLevels; ++level) {
    if (levels_[level].occupied == 0) continue;
    const auto list = static_cast<std::uint64_t>(std::countr_zero(levels_[level].occupied));
    const std::uint64_t above = current_ >> ((level + 1) * kBits) << ((level + 1) * kBits);
    return above | (list << (level * kBits));
  }
  return std::nullopt;
}

void TimingWheel::advance_to(std::uint64_t tick) {
  const std::size_t level = level_of(tick);
  Slot& head = levels_[level].heads[list_of(tick, level)];
  levels_[level].occupied &= ~(std::uint64_t{1} << list_of(tick, level));
  Slot slot = head;
  head = kNone;
  current_ = tick;
  while (slot != kNone) {
    const Slot next = nodes_[slot].next;
    link(slot);
    slot = next;
  }
}

Mono TimingWheel::due_of(Slot slot) const {
  return start_ + static_cast<std::int64_t>(tick_of(nodes_[slot])) * kTick;
}

std::optional<TimingWheel::Slot> TimingWheel::pop_due(Mono now) {
  while (due_ == kNone) {
    const auto reached = static_cast<std::uint64_t>(std::max(now - start_, Duration(0)) / kTick);
    const auto tick = next_tick();
    if (!tick || reached < *tick) {
      // No digit that selects a list with slots changes: no such list comes before `tick`.
      current_ = std::max(current_, std::min(reached, kLastTick));
      return std::nullopt;
    }
    advance_to(*tick);
  }
  const Slot slot = due_;
  erase(slot);
  return slot;
}

std::optional<Mono> TimingWheel::next_wake() const {
  if (due_ != kNone) return start_ + static_cast<std::int64_t>(current_) * kTick;
  const auto tick = next_tick();
  if (!tick) return std::nullopt;
  return start_ + static_cast<std::int64_t>(*tick) * kTick;
}

}  // namespace attestrd
