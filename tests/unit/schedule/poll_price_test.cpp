#include "schedule/poll_price.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

TEST(PollPrice, IsTheLeastBelowTheRate) {
  PollPrice price;
  EXPECT_EQ(price.now(), limits::kLeastPollPrice);
  price.set_rate(20);
  EXPECT_EQ(price.now(), limits::kLeastPollPrice);
  price.add(10s, 30min);
  EXPECT_EQ(price.now(), limits::kLeastPollPrice);
}

TEST(PollPrice, WithoutALimitItIsTheLeastHoweverManyWait) {
  PollPrice price;
  for (int i = 0; i < 100'000; ++i) price.add(1s, 30min);
  EXPECT_EQ(price.now(), limits::kLeastPollPrice);
}

// Gaps of the square-root law at the resulting price use as much as the rate allows.
TEST(PollPrice, RisesUntilThePollsFitIntoTheRate) {
  PollPrice price;
  price.set_rate(20);
  const double hazard = 1.0 / 600;
  std::vector<PollPrice::Load> loads;
  for (int round = 0; round < 3; ++round) {
    for (const auto load : loads) price.remove(load);
    loads.clear();
    for (int i = 0; i < 10'000; ++i) {
      const double gap_s = std::sqrt(2 * seconds(price.now()) / hazard);
      loads.push_back(price.add(Duration(static_cast<Duration::rep>(gap_s * 1e6)), 30min * 100));
    }
  }
  double at_todays_price = 0;
  for (std::size_t i = 0; i < loads.size(); ++i)
    at_todays_price += 1 / std::sqrt(2 * seconds(price.now()) / hazard);
  EXPECT_NEAR(at_todays_price, 18, 0.1);
}

TEST(PollPrice, IsBoundedWhereTheLongestGapIsTooShort) {
  PollPrice price;
  price.set_rate(1);
  for (int i = 0; i < 100'000; ++i) price.add(30min, 30min);
  EXPECT_EQ(price.now(), limits::kMostPollPrice);
}

TEST(PollPrice, FallsAgainWhenAllLoadsAreRemoved) {
  PollPrice price;
  price.set_rate(1);
  std::vector<PollPrice::Load> loads;
  for (int i = 0; i < 1000; ++i) loads.push_back(price.add(i % 2 == 0 ? 1s : 30min, 30min));
  EXPECT_GT(price.now(), limits::kLeastPollPrice);
  for (const auto load : loads) price.remove(load);
  EXPECT_EQ(price.now(), limits::kLeastPollPrice);
}

TEST(PollPrice, AFixedPriceIsKept) {
  PollPrice price;
  price.set_rate(20);
  price.fix(7s);
  for (int i = 0; i < 1000; ++i) price.add(1s, 30min);
  EXPECT_EQ(price.now(), 7s);
}

TEST(PollPrice, AcceptsEveryGap) {
  PollPrice price;
  price.set_rate(1);
  price.remove(price.add(0s, 30min));
  price.remove(price.add(Duration(1), 30min));
  price.remove(price.add(24h * 365, 24h * 366));
  EXPECT_EQ(price.now(), limits::kLeastPollPrice);
}

TEST(PollPrice, ADailyRateIsALimitToo) {
  PollPrice price;
  for (int i = 0; i < 1000; ++i) price.add(10s, 30min);
  price.set_daily_rate(10);
  const auto of_the_day = price.now();
  EXPECT_GT(of_the_day, limits::kLeastPollPrice);
  price.set_rate(100);
  EXPECT_EQ(price.now(), of_the_day) << "the lower one holds";
  price.set_rate(5);
  EXPECT_GT(price.now(), of_the_day);
  price.set_daily_rate(0);
  price.set_rate(0);
  EXPECT_EQ(price.now(), limits::kLeastPollPrice);
}

TEST(PollPrice, TheLongestGapYieldsToADailyRateAlone) {
  PollPrice price;
  for (int i = 0; i < 100; ++i) price.add(30min, 30min);
  price.set_rate(0.01);
  EXPECT_EQ(price.longest(30min), 30min);
  price.set_daily_rate(1);
  EXPECT_EQ(price.longest(30min), 30min) << "there is room for all";
  price.set_daily_rate(0.01);
  EXPECT_NEAR(seconds(price.longest(30min)), 100 / (0.01 * 0.45), 1);
  price.set_daily_rate(0.001);
  EXPECT_EQ(price.longest(30min), limits::kLongestForBudget);
  EXPECT_EQ(price.longest(48h), 48h) << "it is longer already";
}

TEST(PollPrice, TheLongestGapsLeavePartOfADailyRateToOtherHandshakes) {
  PollPrice price;
  price.set_daily_rate(0.1);
  for (int i = 0; i < 1000; ++i) price.add(price.longest(30min), price.longest(30min));
  EXPECT_GT(price.longest(30min), 6h);
  price.add(10min, price.longest(30min));
  EXPECT_LT(price.now(), limits::kMostPollPrice);
}

TEST(PollPrice, TheLeastPriceHoldsWhileTheRateSuffices) {
  PollPrice price;
  price.set_least(3s);
  EXPECT_EQ(price.now(), Duration(3s));
  price.set_rate(1000);
  price.add(10s, 1h);
  EXPECT_EQ(price.now(), Duration(3s));
  price.set_rate(0.001);
  EXPECT_GT(price.now(), Duration(3s));
}

TEST(PollPrice, HandshakesAtAStretchedLongestGapCountApart) {
  PollPrice price;
  price.set_rate(1);
  std::vector<PollPrice::Load> loads;
  for (int i = 0; i < 10'000; ++i) loads.push_back(price.add(24h, 24h, true));
  const auto calm = price.now();
  loads.push_back(price.add(30min, 30min));
  EXPECT_EQ(price.now(), calm) << "one more poll in half an hour";
  for (const auto load : loads) price.remove(load);
  for (int i = 0; i < 10'000; ++i) price.add(30min, 30min);
  EXPECT_EQ(price.now(), limits::kMostPollPrice);
  price.add(24h, 24h, true);
  EXPECT_EQ(price.now(), limits::kMostPollPrice);
}

TEST(PollPrice, TheLowerOfBothRatesBinds) {
  PollPrice price;
  EXPECT_FALSE(price.is_bound_by_day());
  price.set_daily_rate(1);
  EXPECT_TRUE(price.is_bound_by_day());
  price.set_rate(0.5);
  EXPECT_FALSE(price.is_bound_by_day());
}

}  // namespace
}  // namespace attestrd
