#include "schedule/learnt_curve.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "schedule/learnt_cadence.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(LearntCurve, RisesFromTheFirstSecondToTheEnd) {
  const Hazard hazard;
  const PollPrice price;
  const auto curve = learnt_curve(hazard, LearntCadence(hazard, price, 30min), 24h, 2s);
  ASSERT_GT(curve.points.size(), 50U);
  EXPECT_LT(curve.points.size(), 500U);
  EXPECT_EQ(curve.points.front().age, Duration(1s));
  EXPECT_EQ(curve.points.back().age, Duration(24h));
  EXPECT_TRUE(std::ranges::is_sorted(curve.points, {}, &LearntCurve::Point::done));
  EXPECT_GT(curve.points.front().done, 0);
  EXPECT_LT(curve.points.back().done, 1);
}

TEST(LearntCurve, HasThePollsOfTheCadenceAndABoundedNumber) {
  const Hazard hazard;
  const ExponentialCadence cadence(2s, 30min, 2);
  const auto curve = learnt_curve(hazard, cadence, 1h, 2s);
  ASSERT_GE(curve.polls.size(), 3U);
  EXPECT_EQ(curve.polls[0], Duration(0));
  EXPECT_LT(curve.polls.back(), Duration(1h));
  EXPECT_TRUE(std::ranges::is_sorted(curve.polls));
  PollPrice cheap;
  cheap.fix(1us);
  const auto busy = learnt_curve(hazard, LearntCadence(hazard, cheap, 1h), 24h * 365, 10ms);
  EXPECT_EQ(busy.polls.size(), LearntCurve::kMostPolls);
}

}  // namespace
}  // namespace attestrd
