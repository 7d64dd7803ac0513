#include "base/ring.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(Ring, IsFirstInFirstOutAcrossGrowthAndWrapAround) {
  Ring<int> ring;
  int pushed = 0;
  int popped = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < round; ++i) ring.push(pushed++);
    for (int i = 0; i < round / 2; ++i) ASSERT_EQ(ring.pop(), popped++);
    ASSERT_EQ(ring.size(), static_cast<std::size_t>(pushed - popped));
  }
  while (!ring.empty()) ASSERT_EQ(ring.pop(), popped++);
  EXPECT_EQ(popped, pushed);
}

}  // namespace
}  // namespace attestrd
