#include "schedule/delay_aim.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr GapBounds kBounds{2s, 1h};
constexpr Duration kUntil = 24h;

/// Returns a hazard that has learnt `count` results, each between 50 s and 250 s.
Hazard learnt(int count) {
  Hazard hazard;
  for (int i = 0; i < count; ++i) {
    const Duration at = 50s + i % 200 * 1s;
    hazard.saw_pending(0s, at - 1s);
    hazard.saw_done(at - 1s, at);
  }
  return hazard;
}

double delay_s(const DelayAim& aim, const Hazard& hazard) {
  return forecast(hazard, aim.price(), 0s, kUntil, kBounds).mean_delay_s();
}

TEST(DelayAim, FourStepsFindThePriceOfATarget) {
  const Hazard hazard = learnt(1000);
  for (const double target_s : {2.0, 5.0, 20.0, 60.0}) {
    DelayAim aim;
    aim.set(scaled(1s, target_s));
    for (int i = 0; i < 4; ++i) aim.improve(hazard, kUntil, kBounds);
    EXPECT_NEAR(delay_s(aim, hazard), target_s, 0.05 * target_s);
  }
}

TEST(DelayAim, WithoutATargetThePriceIsTheLeast) {
  DelayAim aim;
  aim.set(0s);
  aim.improve(learnt(1000), kUntil, kBounds);
  EXPECT_EQ(aim.price(), limits::kLeastPollPrice);
}

TEST(DelayAim, ATargetBelowTheMinIntervalHasABoundedPrice) {
  const Hazard hazard = learnt(1000);
  DelayAim aim;
  aim.set(10ms);
  for (int i = 0; i < 20; ++i) aim.improve(hazard, kUntil, kBounds);
  EXPECT_EQ(aim.price(), limits::kLeastAimedPrice);
  EXPECT_NEAR(delay_s(aim, hazard), 1, 0.1) << "half of the minimum interval";
}

TEST(DelayAim, WhileLittleIsLearntATargetMakesPollsMoreFrequentOnly) {
  DelayAim aim;
  aim.set(10min);
  for (int i = 0; i < 10; ++i) aim.improve(learnt(20), kUntil, kBounds);
  EXPECT_EQ(aim.price(), limits::kLeastPollPrice);
  for (int i = 0; i < 10; ++i) aim.improve(learnt(200), kUntil, kBounds);
  EXPECT_GT(aim.price(), 10 * limits::kLeastPollPrice);
}

}  // namespace
}  // namespace attestrd
