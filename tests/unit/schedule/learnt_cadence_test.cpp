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

TEST(LearntCadence, APriceForANumberOfPollsYieldsThatNumber) {
  const Hazard hazard;
  for (const double polls : {5.0, 30.0, 100.0}) {
    const auto price = price_for_polls(hazard, polls, 24h, 2s, 1h);
    EXPECT_NEAR(expected_polls(hazard, price, 0s, 24h, 2s, 1h), polls, 0.03 * polls);
  }
}

TEST(LearntCadence, ThePriceForAnUnreachableNumberOfPollsIsBounded) {
  const Hazard hazard;
  EXPECT_EQ(price_for_polls(hazard, 0.1, 24h, 2s, 1h), limits::kMostPollPrice);
  EXPECT_LT(price_for_polls(hazard, 1e9, 24h, 2s, 1h), 2ms);
}

TEST(LearntCadence, ExpectsOnePollJustBeforeTheDeadlineAndNoneAfterIt) {
  const Hazard hazard;
  EXPECT_EQ(expected_polls(hazard, 1s, 24h - 1s, 24h, 2s, 1h), 1);
  EXPECT_EQ(expected_polls(hazard, 1s, 24h, 24h, 2s, 1h), 0);
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

TEST(LearntCadence, EstimatesHundredsOfThousandsOfPollsInFewSteps) {
  const Hazard hazard;
  const ConstantCadence cadence(50ms);
  double polls = 0;
  for (Duration age{0}; age < 5h; age += 50ms) polls += hazard.survival(0s, age);
  EXPECT_NEAR(expected_polls(hazard, cadence, 0s, 5h, 10ms, 1), polls, 0.01 * polls);
  EXPECT_LT(cadence.asked, 1000);
}

TEST(LearntCadence, EstimatesACenturyInFewSteps) {
  const ConstantCadence cadence(10ms);
  EXPECT_GT(expected_polls(Hazard(), cadence, 0s, 24h * 365 * 174, 10ms, 1), 1e6);
  EXPECT_LT(cadence.asked, 2000);
}

}  // namespace
}  // namespace attestrd
