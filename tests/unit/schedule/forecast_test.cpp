#include "schedule/forecast.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/limits.h"
#include "base/prng.h"
#include "schedule/learnt_cadence.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr GapBounds kBounds{2s, 1h};

TEST(Forecast, APriceForANumberOfPollsYieldsThatNumber) {
  const Hazard hazard;
  for (const double polls : {5.0, 30.0, 100.0}) {
    const auto price = price_for_polls(hazard, polls, 24h, kBounds);
    EXPECT_NEAR(forecast(hazard, price, 0s, 24h, kBounds).polls, polls, 0.03 * polls);
  }
}

TEST(Forecast, ThePriceForAnUnreachableNumberOfPollsIsBounded) {
  const Hazard hazard;
  EXPECT_EQ(price_for_polls(hazard, 0.1, 24h, kBounds), limits::kMostPollPrice);
  EXPECT_LT(price_for_polls(hazard, 1e9, 24h, kBounds), 2ms);
}

TEST(Forecast, ExpectsOnePollJustBeforeTheDeadlineAndNoneAfterIt) {
  const Hazard hazard;
  EXPECT_EQ(forecast(hazard, 1s, 24h - 1s, 24h, kBounds).polls, 1);
  EXPECT_EQ(forecast(hazard, 1s, 24h, 24h, kBounds).polls, 0);
}

/// A cadence with a constant gap, which counts its calls.
class ConstantCadence final : public Cadence {
 public:
  explicit ConstantCadence(Duration gap) : gap_(gap) {}

  Duration first_gap(double) const override { return gap_; }
  Duration gap_at(Duration, double) const override {
    ++asked;
    return gap_;
  }

  mutable int asked = 0;

 private:
  Duration gap_;
};

TEST(Forecast, EstimatesHundredsOfThousandsOfPollsInFewSteps) {
  const Hazard hazard;
  const ConstantCadence cadence(50ms);
  double polls = 0;
  for (Duration age{0}; age < 5h; age += 50ms) polls += hazard.survival(0s, age);
  EXPECT_NEAR(forecast(hazard, cadence, 0s, 5h, 10ms).polls, polls, 0.01 * polls);
  EXPECT_LT(cadence.asked, 1000);
}

TEST(Forecast, EstimatesACenturyInFewSteps) {
  const ConstantCadence cadence(10ms);
  EXPECT_GT(forecast(Hazard(), cadence, 0s, 24h * 365 * 174, 10ms).polls, 1e6);
  EXPECT_LT(cadence.asked, 2000);
}

/// Returns a hazard that has learnt results at a constant hazard of one in `mean_s` seconds.
Hazard exponential_law(double mean_s) {
  Hazard hazard;
  Prng prng(7);
  for (int i = 0; i < 5000; ++i) {
    const Duration done = scaled(1s, -mean_s * std::log(1 - prng.unit()));
    const Duration before = done / 1s * 1s;
    hazard.saw_pending(0s, before);
    hazard.saw_done(before, before + 1s);
  }
  return hazard;
}

TEST(Forecast, AConstantGapIsHalfOfItLateInTheMean) {
  const Hazard hazard = exponential_law(600);
  const ConstantCadence cadence(20s);
  const auto expected = forecast(hazard, cadence, 0s, 1h, 10ms);
  EXPECT_NEAR(expected.mean_delay_s(), 10, 0.3);
  EXPECT_NEAR(expected.done, 1, 0.01);
  EXPECT_NEAR(expected.polls, 600 / 20, 2);
}

TEST(Forecast, ResultsAfterTheDeadlineDoNotCount) {
  const auto expected = forecast(exponential_law(600), ConstantCadence(20s), 0s, 10min, 10ms);
  EXPECT_NEAR(expected.done, 0.632, 0.03);
  EXPECT_NEAR(expected.mean_delay_s(), 10, 0.5);
}

TEST(Forecast, ResultsAtAgesThatAreNotLearntCountHalf) {
  const Hazard prior;
  const ConstantCadence cadence(20s);
  const auto expected = forecast(prior, cadence, 0s, 1h, 10ms);
  EXPECT_NEAR(expected.done, 0.5 * (1 - prior.survival(0s, 1h)), 0.01);
  EXPECT_NEAR(forecast(exponential_law(600), cadence, 0s, 1h, 10ms).done, 1, 0.01);
}

TEST(Forecast, WithoutAnyTimeThereIsNoResult) {
  EXPECT_EQ(forecast(Hazard(), 1s, 24h, 24h, kBounds).mean_delay_s(), 0);
}

}  // namespace
}  // namespace attestrd
