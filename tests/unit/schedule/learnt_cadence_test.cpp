#include "schedule/learnt_cadence.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(LearntCadence, FollowsTheCurrentPrice) {
  const Hazard hazard;
  PollPrice price;
  const LearntCadence cadence(hazard, price, 30min);
  const auto cheap = cadence.gap_at(60s, 1);
  EXPECT_EQ(cheap, hazard.gap_at(60s, limits::kLeastPollPrice, 30min));
  EXPECT_EQ(cadence.first_gap(1), hazard.gap_at(0s, limits::kLeastPollPrice, 30min));
  price.fix(25s);
  EXPECT_GT(cadence.gap_at(60s, 1), 5 * cheap);
  EXPECT_EQ(cadence.gap_at(24h * 365, 1), 30min);
}

}  // namespace
}  // namespace attestrd
