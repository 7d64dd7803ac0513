#include "base/time_counts.h"

#include "base/check.h"

namespace attestrd {
namespace {

std::int64_t second_of(Mono time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

void TimeCounts::add(Mono time) {
  // Most times are later than all before.
  ++counts_.try_emplace(counts_.end(), second_of(time), 0)->second;
}

void TimeCounts::remove(Mono time) {
  const auto found = counts_.find(second_of(time));
  ATTESTRD_CHECK(found != counts_.end());
  if (--found->second == 0) counts_.erase(found);
}

std::optional<Mono> TimeCounts::earliest() const {
  if (counts_.empty()) return std::nullopt;
  return Mono(std::chrono::seconds(counts_.begin()->first));
}

}  // namespace attestrd
