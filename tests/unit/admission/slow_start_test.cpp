#include "admission/slow_start.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(SlowStart, GrowsByOneWithEachGoodAnswerUpToTheConnections) {
  SlowStart slow_start;
  slow_start.set_most(4);
  EXPECT_EQ(slow_start.allowed(), limits::kSlowStartConnections);
  slow_start.good_answer();
  EXPECT_EQ(slow_start.allowed(), 3U);
  for (int i = 0; i < 10; ++i) slow_start.good_answer();
  EXPECT_EQ(slow_start.allowed(), 4U);
}

TEST(SlowStart, BeginsAnewAfterAPause) {
  SlowStart slow_start;
  slow_start.set_most(10);
  for (int i = 0; i < 10; ++i) slow_start.good_answer();
  slow_start.begin_anew();
  EXPECT_EQ(slow_start.allowed(), limits::kSlowStartConnections);
}

TEST(SlowStart, FewerConnectionsHoldAtOnceAndMoreAreGrownInto) {
  SlowStart slow_start;
  slow_start.set_most(10);
  for (int i = 0; i < 10; ++i) slow_start.good_answer();
  slow_start.set_most(1);
  EXPECT_EQ(slow_start.allowed(), 1U);
  slow_start.begin_anew();
  EXPECT_EQ(slow_start.allowed(), 1U) << "no more than there are connections";
  slow_start.set_most(5);
  EXPECT_EQ(slow_start.allowed(), 1U);
  slow_start.good_answer();
  EXPECT_EQ(slow_start.allowed(), 2U);
}

}  // namespace
}  // namespace attestrd
