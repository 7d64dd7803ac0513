#include "schedule/hazard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/prng.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
Duration from_seconds(double s) { return Duration(static_cast<Duration::rep>(s * 1e6)); }

/// Returns what is learnt from handshakes with exponentially distributed completion times, each
/// polled every `gap` until it is done or older than `patience`.
Hazard learnt_from(double mean_s, Duration gap, int handshakes, Duration patience = 24h) {
  Hazard hazard;
  Prng prng(1);
  for (int i = 0; i < handshakes; ++i) {
    const Duration done = from_seconds(-mean_s * std::log(1 - prng.unit()));
    for (Duration age(0); age < patience; age += gap) {
      if (done <= age + gap) {
        hazard.saw_done(age, age + gap);
        break;
      }
      hazard.saw_pending(age, age + gap);
    }
  }
  return hazard;
}

TEST(Hazard, LearnsAConstantHazardFromCensoredAnswers) {
  const auto hazard = learnt_from(600, 30s, 3000);
  for (const Duration age : {60s, 300s, 900s, 1500s})
    EXPECT_NEAR(hazard.survival(age, age + 60s), std::exp(-0.1), 0.012) << seconds(age);
}

TEST(Hazard, IsLearntUpToTheAgeThatWasObserved) {
  EXPECT_EQ(Hazard().learnt_until(), Duration(0));
  const auto until = learnt_from(600, 30s, 3000, 10min).learnt_until();
  EXPECT_GE(until, Duration(10min));
  EXPECT_LT(until, Duration(13min)) << "the end of its bucket";
}

TEST(Hazard, ItsGapFollowsTheSquareRootLaw) {
  const auto hazard = learnt_from(600, 30s, 3000);
  for (const Duration age : {60s, 300s, 900s})
    EXPECT_NEAR(seconds(hazard.gap_at(age, 1s, 1h)), std::sqrt(2 * 600), 5) << seconds(age);
}

TEST(Hazard, ItsGapMeetsThePrice) {
  const auto hazard = learnt_from(600, 30s, 300);
  for (const Duration age : {0s, 1s, 7s, 100s, 5000s, 80'000s}) {
    for (const Duration price : {250ms, 1000ms, 60'000ms}) {
      const auto gap = hazard.gap_at(age, price, 24h * 365);
      double staleness_s = 0;
      constexpr int kSteps = 2000;
      for (int i = 0; i < kSteps; ++i)
        staleness_s += (1 - hazard.survival(age, age + gap * (2 * i + 1) / (2 * kSteps))) *
                       seconds(gap) / kSteps;
      EXPECT_NEAR(staleness_s, seconds(price), 0.01 * seconds(price))
          << seconds(age) << " s, " << seconds(price) << " s";
    }
  }
}

TEST(Hazard, ItsGapGrowsWithTheRootOfTheShareThatNeedsNoPoll) {
  const Hazard hazard;
  const auto gap = hazard.gap_at(1h, 250ms, 24h);
  const auto rare = hazard.gap_at(1h, 250ms, 24h, 0.01);
  EXPECT_GT(rare, 8 * gap);
  EXPECT_LT(rare, 14 * gap);
  EXPECT_EQ(hazard.gap_at(1h, 250ms, 24h, 1e-12), 24h);
}

TEST(Hazard, ThePriorBehavesFromTheFirstHandshakeOn) {
  const Hazard hazard;
  Duration last(0);
  for (Duration age(0); age < 24h; age += hazard.gap_at(age, 250ms, 30min)) {
    const auto gap = hazard.gap_at(age, 250ms, 30min);
    EXPECT_GT(gap, last * 9 / 10);
    last = gap;
  }
  EXPECT_LT(hazard.gap_at(0s, 250ms, 30min), 3s);
  EXPECT_LT(hazard.gap_at(2h, 250ms, 30min), 5min);
}

TEST(Hazard, WithoutCompletionsTheGapGrowsToTheLongest) {
  Hazard hazard;
  for (int i = 0; i < 1000; ++i) hazard.saw_pending(0s, 24h);
  EXPECT_EQ(hazard.gap_at(2h, 250ms, 30min), 30min);
  EXPECT_GT(hazard.survival(0s, 24h), 0.99);
}

TEST(Hazard, ForgetsAnOldDistribution) {
  auto hazard = learnt_from(120, 10s, 3000);
  Prng prng(2);
  for (int i = 0; i < 10'000; ++i) {
    const double done_s = -1800 * std::log(1 - prng.unit());
    const auto age = from_seconds(std::floor(done_s / 10) * 10);
    if (age > 0s) hazard.saw_pending(0s, age);
    hazard.saw_done(age, age + 10s);
  }
  EXPECT_NEAR(hazard.survival(60s, 120s), std::exp(-60.0 / 1800), 0.02);
}

TEST(Hazard, AnObservationOfZeroDurationChangesNothing) {
  Hazard hazard;
  hazard.saw_pending(5s, 5s);
  hazard.saw_done(5s, 5s);
  EXPECT_EQ(hazard.write(), Hazard().write());
}

TEST(Hazard, AcceptsAnyAge) {
  Hazard hazard;
  hazard.saw_pending(0s, Duration(1));
  hazard.saw_done(Duration(1), 24h * 365 * 100);
  hazard.saw_done(24h * 365 * 90, 24h * 365 * 100);
  EXPECT_NEAR(hazard.completions(), 2, 0.01);
  EXPECT_GT(hazard.gap_at(24h * 365 * 100, 250ms, 30min), 0s);
}

TEST(Hazard, ACompletionOfProbabilityZeroIsLearntLikeAnyOther) {
  std::string text = "attestrd.hazard/1 104";
  for (int i = 0; i < 104; ++i) text += " 0 1e16";
  auto hazard = Hazard::read(text);
  ASSERT_TRUE(hazard);
  EXPECT_EQ(hazard->survival(10s, 11s), 1);
  hazard->saw_done(10s, 11s);
  EXPECT_NEAR(hazard->completions(), 1, 1e-6);
  hazard->saw_done(0s, Duration(1));
  hazard->saw_done(24h, 24h + Duration(1));
  EXPECT_NEAR(hazard->completions(), 3, 0.01);
}

/// Adds `handshakes` completions between the ages `from` and `to`.
void observe(Hazard& hazard, int handshakes, Duration from, Duration to) {
  for (int i = 0; i < handshakes; ++i) {
    hazard.saw_pending(0s, from);
    hazard.saw_done(from, to);
  }
}

/// Compares both as the next process would read them: a bucket's estimate is updated only when the
/// bucket is observed or read.
void expect_same(const Hazard& written, const Hazard& expected) {
  const Hazard a = *Hazard::read(written.write());
  const Hazard b = *Hazard::read(expected.write());
  EXPECT_NEAR(a.completions(), b.completions(), 1e-6 * b.completions());
  for (const Duration age : {0s, 10s, 100s, 1000s, 10'000s}) {
    const double survival = b.survival(age, 2 * age + 1s);
    EXPECT_NEAR(a.survival(age, 2 * age + 1s), survival, 1e-6 * survival) << seconds(age);
  }
}

TEST(Hazard, ASavedHazardPlusItsDeltaIsTheCurrentOne) {
  const Hazard first = learnt_from(600, 30s, 500);
  auto saved = Hazard::read(first.write());
  ASSERT_TRUE(saved);
  Hazard current = *saved;
  observe(current, 1000, 9min, 10min);
  const Hazard before = *saved;
  saved->merge(current.delta_since(*saved));
  expect_same(*saved, current);
  EXPECT_EQ(current.delta_since(before).begun, 1000U);
  const HazardDelta nothing = current.delta_since(current);
  EXPECT_EQ(nothing.begun, 0U);
  saved->merge(nothing);
  saved->merge(HazardDelta());
  expect_same(*saved, current);
}

TEST(Hazard, DeltasOfTwoDaemonsBothCount) {
  const Hazard saved = learnt_from(600, 30s, 100);
  Hazard first = saved;
  Hazard second = saved;
  observe(first, 100, 1min, 2min);
  observe(second, 100, 30min, 31min);
  Hazard both = saved;
  both.merge(first.delta_since(saved));
  both.merge(second.delta_since(saved));
  EXPECT_GT(both.completions(), saved.completions() * 0.9 + 180);
  EXPECT_LT(both.survival(1min, 2min), saved.survival(1min, 2min));
  EXPECT_LT(both.survival(30min, 31min), saved.survival(30min, 31min));
}

TEST(Hazard, JoinedDeltasAreOneDelta) {
  Hazard current = learnt_from(600, 30s, 100);
  const Hazard saved = current;
  observe(current, 70, 1min, 2min);
  HazardDelta delta = current.delta_since(saved);
  const Hazard between = current;
  observe(current, 50, 5min, 6min);
  delta.join(current.delta_since(between));
  Hazard merged = saved;
  merged.merge(delta);
  expect_same(merged, current);
  HazardDelta none;
  none.join(delta);
  EXPECT_EQ(none.begun, delta.begun);
  EXPECT_EQ(none.learnt.size(), delta.learnt.size());
}

TEST(Hazard, IsReadAsItWasWritten) {
  const auto hazard = learnt_from(600, 30s, 50);
  const auto again = Hazard::read(hazard.write());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->write(), hazard.write());
  EXPECT_NEAR(again->completions(), hazard.completions(), 1e-6);
  EXPECT_LT(hazard.write().size(), 4096U);
}

TEST(Hazard, RefusesOtherTexts) {
  const auto text = Hazard().write();
  EXPECT_FALSE(Hazard::read(""));
  EXPECT_FALSE(Hazard::read(text + " 1"));
  EXPECT_FALSE(Hazard::read(text.substr(0, text.size() - 2)));
  EXPECT_FALSE(Hazard::read("attestrd.hazard/2" + text.substr(17)));
  for (const std::string_view bad : {"nan", "inf", "-1", "x", "1e17", "1e300", "1e999"}) {
    auto changed = text;
    changed.replace(changed.rfind(' ') + 1, std::string::npos, bad);
    EXPECT_FALSE(Hazard::read(changed)) << bad;
  }
}

}  // namespace
}  // namespace attestrd
