#include "fleet/rate_share.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(RateShareTest, ALowerShareHoldsAtOnceAndAHigherOneASecondLater) {
  const Mono now{1h};
  RateShare share;
  EXPECT_EQ(share.at(now), 0);
  share.decided(10, 1s, now);
  EXPECT_EQ(share.at(now + 999ms), 0);
  EXPECT_EQ(share.next_change(), now + 1s);
  EXPECT_EQ(share.at(now + 1s), 10);
  share.decided(4, 1s, now + 2s);
  EXPECT_EQ(share.at(now + 2s), 4);
  share.decided(6, 1s, now + 3s);
  EXPECT_EQ(share.at(now + 3s), 4);
  EXPECT_EQ(share.at(now + 4s), 6);
}

TEST(RateShareTest, ARiseThatIsLoweredBeforeItHoldsNeverHeld) {
  const Mono now{1h};
  RateShare share;
  share.decided(4, 1s, now);
  share.decided(20, 1s, now + 5s);
  share.decided(10, 1s, now + 5500ms);
  EXPECT_EQ(share.at(now + 5500ms), 4);
  share.decided(2, 1s, now + 5600ms);
  EXPECT_EQ(share.at(now + 5600ms), 2);
  EXPECT_EQ(share.at(now + 7s), 2);
}

TEST(RateShareTest, ALostShareDoesNotComeBackByItself) {
  const Mono now{1h};
  RateShare share;
  share.decided(10, 1s, now);
  share.lost();
  EXPECT_EQ(share.at(now + 1s), 0);
}

}  // namespace
}  // namespace attestrd
