#include "poll/answer_memory.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace attestrd {

void AnswerMemory::set_limit(std::size_t bytes) {
  limit_ = bytes;
  grant();
}

void AnswerMemory::set_kept(std::size_t bytes) {
  kept_ = bytes;
  grant();
}

void AnswerMemory::claim(Owner owner, std::size_t bytes, OnGranted on_granted) {
  claims_.push_back({owner, bytes, std::move(on_granted)});
  grant();
}

void AnswerMemory::give_back(Owner owner) {
  const auto claim = find(owner);
  ATTESTRD_CHECK(claim != claims_.end());
  if (!claim->on_granted) granted_ -= claim->bytes;
  claims_.erase(claim);
  grant();
}

void AnswerMemory::clear() {
  claims_.clear();
  granted_ = 0;
}

std::deque<AnswerMemory::Claim>::const_iterator AnswerMemory::find(Owner owner) const {
  return std::ranges::find(claims_, owner, &Claim::owner);
}

bool AnswerMemory::fits(std::size_t bytes) const {
  if (granted_ == 0 && kept_ <= limit_ / 2) return true;
  const auto taken = granted_ + kept_;
  return taken <= limit_ && bytes <= limit_ - taken;
}

/// Grants the claims that come next and fit. One that does not fit delays those behind it: else
/// small claims could delay a large one for ever.
void AnswerMemory::grant() {
  const auto is_waiting = [](const Claim& claim) { return claim.on_granted != nullptr; };
  for (;;) {
    const auto next = std::ranges::find_if(claims_, is_waiting);
    if (next == claims_.end() || !fits(next->bytes)) return;
    granted_ += next->bytes;
    const auto on_granted = std::exchange(next->on_granted, nullptr);
    on_granted();
  }
}

}  // namespace attestrd
