#include "engine/ready_lanes.h"

#include <array>

#include "base/check.h"

namespace attestrd {

Ring<ReadyLanes::Slot>& ReadyLanes::of(Lane lane) {
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
  Ring<Slot>* const troubled = troubled_.empty() ? &known_ : &troubled_;
  const std::array turns = {&last_, &fresh_, &last_, &known_, &last_, &fresh_, &last_, troubled};
  while (turns[turn_]->empty()) turn_ = (turn_ + 1) % turns.size();
  Ring<Slot>& lane = *turns[turn_];
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

std::vector<ReadyLanes::Slot> ReadyLanes::remove_if(const std::function<bool(Slot)>& is_removed) {
  std::vector<Slot> removed;
  for (Ring<Slot>* const lane : {&last_, &fresh_, &known_, &troubled_}) {
    for (std::size_t left = lane->size(); left > 0; --left) {
      const Slot slot = lane->pop();
      if (is_removed(slot))
        removed.push_back(slot);
      else
        lane->push(slot);
    }
  }
  return removed;
}

}  // namespace attestrd
