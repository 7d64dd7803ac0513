#include "engine/ready_lanes.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace attestrd {

void ReadyLanes::Queue::push(Slot slot, Mono due) {
  const bool is_of_batch =
      !batches_.empty() && due >= batches_.back().due && due - batches_.back().due < kBatch;
  if (!is_of_batch) batches_.push({due, 0});
  ++batches_.back().slots;
  slots_.push(slot);
}

ReadyLanes::Slot ReadyLanes::Queue::pop() {
  if (--batches_.front().slots == 0) batches_.pop();
  return slots_.pop();
}

ReadyLanes::Queue& ReadyLanes::of(Lane lane) {
  switch (lane) {
    case Lane::last: return last_;
    case Lane::fresh: return fresh_;
    case Lane::known: return known_;
    case Lane::troubled: return troubled_;
  }
  check_failed("a lane has a ring", __FILE__, __LINE__);
}

ReadyLanes::Slot ReadyLanes::pop() {
  ATTESTRD_CHECK(!empty());
  Queue* const troubled = troubled_.empty() ? &known_ : &troubled_;
  const std::array turns = {&last_, &fresh_, &last_, &known_, &last_, &fresh_, &last_, troubled};
  while (turns[turn_]->empty()) turn_ = (turn_ + 1) % turns.size();
  Queue& lane = *turns[turn_];
  turn_ = (turn_ + 1) % turns.size();
  return lane.pop();
}

std::optional<ReadyLanes::Slot> ReadyLanes::pop_known() {
  if (known_.empty()) return std::nullopt;
  return known_.pop();
}

std::optional<ReadyLanes::Slot> ReadyLanes::pop_other() {
  if (!fresh_.empty()) return fresh_.pop();
  if (!troubled_.empty()) return troubled_.pop();
  return pop_known();
}

std::optional<ReadyLanes::Slot> ReadyLanes::any(const std::function<bool(Slot)>& counts,
                                                std::size_t most) const {
  for (const auto* const lane : {&last_, &fresh_, &known_, &troubled_})
    for (std::size_t i = 0; i < std::min(most, lane->size()); ++i)
      if (const Slot slot = lane->at(i); counts(slot)) return slot;
  return std::nullopt;
}

std::optional<Mono> ReadyLanes::oldest() const {
  std::optional<Mono> oldest;
  for (const Queue* const lane : {&last_, &fresh_, &known_, &troubled_})
    if (!lane->empty()) oldest = std::min(oldest.value_or(lane->oldest()), lane->oldest());
  return oldest;
}

std::vector<ReadyLanes::Slot> ReadyLanes::remove_if(const std::function<bool(Slot)>& is_removed) {
  std::vector<Slot> removed;
  for (Queue* const lane : {&last_, &fresh_, &known_, &troubled_}) {
    for (std::size_t left = lane->size(); left > 0; --left) {
      const Mono due = lane->oldest();
      const Slot slot = lane->pop();
      if (is_removed(slot))
        removed.push_back(slot);
      else
        lane->push(slot, due);
    }
  }
  return removed;
}

}  // namespace attestrd
