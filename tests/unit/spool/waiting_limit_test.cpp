#include "spool/waiting_limit.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(WaitingLimit, NoneNeverStops) {
  WaitingLimit limit;
  EXPECT_FALSE(limit.update(1'000'000, 0));
  EXPECT_FALSE(limit.is_full());
}

TEST(WaitingLimit, StopsAtTheLimitUntilATenthIsGone) {
  WaitingLimit limit;
  EXPECT_FALSE(limit.update(99, 100));
  EXPECT_TRUE(limit.update(100, 100));
  EXPECT_TRUE(limit.is_full());
  EXPECT_FALSE(limit.update(91, 100)) << "one more must go";
  EXPECT_TRUE(limit.is_full());
  EXPECT_TRUE(limit.update(90, 100));
  EXPECT_FALSE(limit.is_full());
}

TEST(WaitingLimit, OfOneStopsAtOneAndStartsAtNone) {
  WaitingLimit limit;
  EXPECT_TRUE(limit.update(1, 1));
  EXPECT_FALSE(limit.update(1, 1));
  EXPECT_TRUE(limit.update(0, 1));
  EXPECT_FALSE(limit.is_full());
}

TEST(WaitingLimit, ThatIsLiftedStartsAgain) {
  WaitingLimit limit;
  limit.update(5, 5);
  EXPECT_TRUE(limit.update(5, 0));
  EXPECT_FALSE(limit.is_full());
}

}  // namespace
}  // namespace attestrd
