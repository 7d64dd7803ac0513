#include "engine/list/age_table.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace attestrd {

std::size_t AgeTable::bucket_of(Duration duration) {
  return static_cast<std::size_t>(std::ranges::lower_bound(kBounds, duration) - kBounds.begin());
}

std::uint64_t AgeTable::Row::total() const {
  return std::accumulate(due.begin(), due.end(), polling + held + now);
}

AgeTable::Row& AgeTable::Row::operator+=(const Row& other) {
  polling += other.polling;
  held += other.held;
  now += other.now;
  std::ranges::transform(due, other.due, due.begin(), std::plus<>());
  return *this;
}

AgeTable& AgeTable::operator+=(const AgeTable& other) {
  for (std::size_t i = 0; i < rows.size(); ++i) rows.at(i) += other.rows.at(i);
  return *this;
}

}  // namespace attestrd
