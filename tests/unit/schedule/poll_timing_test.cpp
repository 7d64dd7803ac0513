#include "schedule/poll_timing.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr Mono kNow{1000h};

class PollTimingTest : public testing::Test {
 protected:
  PollTimingTest() : timing_(settings()) {}

  static PollTimingSettings settings() {
    return {.cadence = CadenceKind::exponential,
            .min_interval = 2s,
            .max_interval = 30min,
            .give_up_after = 25h};
  }
  static PollTimingSettings adaptive() {
    auto changed = settings();
    changed.cadence = CadenceKind::adaptive;
    return changed;
  }

  /// Adds `count` completions of new handshakes, each seen between `age` - 10 s and `age`.
  void given_completions(int count, Duration age) {
    for (int i = 0; i < count; ++i) {
      timing_.saw_pending(0s, age - 10s);
      timing_.saw_done(age - 10s, age);
    }
  }

  PollTiming timing_;
  Prng prng_{1};
  PollPrice::Load load_ = 0;
};

TEST_F(PollTimingTest, ExponentialPollsANewHandshakeAtOnceAndAdaptiveWhenItMayBeDone) {
  EXPECT_FALSE(timing_.first_poll(load_, kNow, prng_));
  timing_.set(adaptive());
  const auto due = timing_.first_poll(load_, kNow, prng_);
  ASSERT_TRUE(due);
  EXPECT_GE(due->at, kNow + 2s);
  EXPECT_EQ(due->floor, kNow);
  EXPECT_GT(load_, 0U) << "it adds to the rate while it waits";
}

TEST_F(PollTimingTest, AfterAPendingAnswerTheCadenceHoldsWithJitterAndItsBounds) {
  for (int i = 0; i < 100; ++i) {
    const auto due = timing_.after_pending(load_, 10min, kNow, prng_);
    EXPECT_NEAR(static_cast<double>((due.at - kNow) / 1ms), 362'000, 36'201);
    EXPECT_EQ(due.floor, kNow + 2s);
  }
  EXPECT_LE(timing_.after_pending(load_, 24h, kNow, prng_).at, kNow + 30min);
  EXPECT_GE(timing_.after_pending(load_, 0s, kNow, prng_).at, kNow + 2s);
}

TEST_F(PollTimingTest, AnErrorBacksOffWithEqualJitterUpToTheCap) {
  Duration full = limits::kErrorBackoffFirst;
  for (std::uint32_t errors = 0; errors < 20; ++errors) {
    const auto due = timing_.after_error({.errors = errors}, kNow, prng_);
    EXPECT_GE(due.at - kNow, std::max(full / 2, Duration(2s)));
    EXPECT_LE(due.at - kNow, std::max(full, Duration(2s)));
    EXPECT_EQ(due.floor, kNow + 2s);
    full = std::min(full * 2, limits::kErrorBackoffCap);
  }
}

TEST_F(PollTimingTest, AnErrorMayHaveAnotherCapAndAFloor) {
  const auto due = timing_.after_error({.errors = 30, .cap = 1h}, kNow, prng_);
  EXPECT_GE(due.at - kNow, 30min);
  EXPECT_LE(due.at - kNow, 1h);
  const auto late = timing_.after_error({.floor = 3h}, kNow, prng_);
  EXPECT_EQ(late.at, kNow + 3h);
  EXPECT_EQ(late.floor, kNow + 3h);
}

TEST_F(PollTimingTest, RetryAfterRaisesTheFloorIsCappedAndNeverShortens) {
  EXPECT_EQ(timing_.after_error({.retry_after = 100s}, kNow, prng_).floor, kNow + 100s);
  EXPECT_GE(timing_.after_error({.retry_after = 100s}, kNow, prng_).at, kNow + 100s);
  EXPECT_EQ(timing_.after_error({.retry_after = 1000h}, kNow, prng_).floor,
            kNow + limits::kRetryAfterCap);
  EXPECT_EQ(timing_.after_error({.retry_after = 0s}, kNow, prng_).floor, kNow + 2s);
}

TEST_F(PollTimingTest, RecoveredHandshakesAreSpreadOverTheRampAndWaitAtMostTheirGap) {
  for (int i = 0; i < 100; ++i) {
    const auto due = timing_.recovered_poll(load_, 1h, 10s, false, kNow, prng_);
    EXPECT_LE(due.at, kNow + 10s);
    EXPECT_EQ(due.floor, kNow);
  }
  for (int i = 0; i < 100; ++i)
    EXPECT_LE(timing_.recovered_poll(load_, 0s, 24h, false, kNow, prng_).at, kNow + 2s);
  const auto overdue = timing_.recovered_poll(load_, 1h, 10s, true, kNow, prng_);
  EXPECT_EQ(overdue.floor, overdue.at) << "its deadline does not make it earlier";
}

TEST_F(PollTimingTest, ASpentDayIsRecheckedAtABoundedInterval) {
  for (int i = 0; i < 100; ++i) {
    const Duration recheck = timing_.put_off(kNow, prng_).at - kNow;
    EXPECT_GE(recheck, limits::kNextDayLook / 2);
    EXPECT_LE(recheck, limits::kNextDayLook);
  }
  auto changed = settings();
  changed.max_interval = 10s;
  timing_.set(changed);
  EXPECT_LE(timing_.put_off(kNow, prng_).at, kNow + 10s);
}

TEST_F(PollTimingTest, TheLastPollFallsExactlyOnTheDeadlineAndNoneJustBeforeIt) {
  const PollTiming::Due due{kNow + 60s, kNow};
  EXPECT_EQ(timing_.fit(due, {kNow + 1h}, kNow), kNow + 60s);
  EXPECT_EQ(timing_.fit(due, {kNow + 50s}, kNow), kNow + 50s) << "not after it";
  EXPECT_EQ(timing_.fit(due, {kNow + 61s}, kNow), kNow + 61s) << "not just before it";
  EXPECT_EQ(timing_.fit(due, {kNow + 62s}, kNow), kNow + 60s);
}

TEST_F(PollTimingTest, AfterTheLastPollTheDeadlineHasNoEffect) {
  const PollTiming::Due due{kNow + 60s, kNow};
  EXPECT_EQ(timing_.fit(due, {kNow - 1s, true}, kNow), kNow + 60s);
  EXPECT_EQ(timing_.fit(due, {kNow - 1s, false}, kNow), kNow) << "its last poll is overdue";
  EXPECT_EQ(timing_.fit(due, {kNow + 10s, true}, kNow), kNow + 10s) << "it was prolonged";
}

TEST_F(PollTimingTest, NoRuleIsEarlierThanTheFloor) {
  EXPECT_EQ(timing_.fit({kNow + 60s, kNow + 30s}, {kNow + 10s}, kNow), kNow + 30s);
}

TEST_F(PollTimingTest, ObservationsAreSavedOnceAndOnlyWithANewCompletion) {
  timing_.saw_pending(0s, 1min);
  EXPECT_FALSE(timing_.take_unsaved());
  given_completions(3, 1min);
  const auto learnt = timing_.take_unsaved();
  ASSERT_TRUE(learnt);
  EXPECT_EQ(learnt->begun, 4U) << "with all that came before";
  EXPECT_FALSE(timing_.take_unsaved());
  for (int i = 1; i < 64; ++i) EXPECT_FALSE(timing_.saw_done(0s, 1min));
  EXPECT_TRUE(timing_.saw_done(0s, 1min)) << "it is worth a write";
}

TEST_F(PollTimingTest, UnsavedObservationsAreAddedToThoseOfTheQueue) {
  given_completions(3, 1min);
  timing_.learnt(Hazard());
  EXPECT_NEAR(timing_.hazard().completions(), 3, 0.1);
  const auto unsaved = timing_.take_unsaved();
  ASSERT_TRUE(unsaved);
  EXPECT_EQ(unsaved->begun, 3U);
}

TEST_F(PollTimingTest, AdaptiveWaitsUntilACompletionIsLikely) {
  timing_.set(adaptive());
  given_completions(1000, 10min);
  EXPECT_GT(timing_.first_poll(load_, kNow, prng_)->at, kNow + 1min);
  EXPECT_GT(timing_.expected_polls(0s, 24h), 1);
}

TEST_F(PollTimingTest, APriceForANumberOfPollsFollowsTheObservations) {
  auto fixed = adaptive();
  fixed.polls_per_handshake = 10;
  timing_.set(fixed);
  EXPECT_NEAR(timing_.expected_polls(0s, fixed.give_up_after), 10, 0.5);
  given_completions(1000, 10min);
  for (int i = 0; i < 64; ++i) timing_.first_poll(load_, kNow, prng_);
  EXPECT_NEAR(timing_.expected_polls(0s, fixed.give_up_after), 10, 0.5);
}

TEST_F(PollTimingTest, TheMeanDelayThatIsAimedAtFollowsTheObservations) {
  auto aimed = adaptive();
  aimed.target_delay = 20s;
  timing_.set(aimed);
  EXPECT_EQ(timing_.mean_delay()->limit, DelayLimit::unknown);
  given_completions(1000, 10min);
  const auto delay = timing_.mean_delay();
  ASSERT_TRUE(delay);
  EXPECT_EQ(delay->target, Duration(20s));
  EXPECT_NEAR(static_cast<double>(delay->expected / 1ms), 20'000, 2'000);
  EXPECT_EQ(delay->limit, DelayLimit::none);
}

TEST_F(PollTimingTest, ANewTargetHoldsAtOnce) {
  auto aimed = adaptive();
  aimed.target_delay = 20s;
  timing_.set(aimed);
  given_completions(1000, 10min);
  aimed.target_delay = 60s;
  timing_.set(aimed);
  EXPECT_NEAR(static_cast<double>(timing_.mean_delay()->expected / 1ms), 60'000, 6'000);
}

TEST_F(PollTimingTest, TheLimitThatKeepsTheDelayAboveItsTargetIsNamed) {
  auto aimed = adaptive();
  aimed.target_delay = 500ms;
  timing_.set(aimed);
  given_completions(1000, 10min);
  EXPECT_EQ(timing_.mean_delay()->limit, DelayLimit::min_interval);
  timing_.set_rates(0.001, 0);
  std::vector<PollPrice::Load> loads(100, 0);
  for (auto& load : loads) timing_.after_pending(load, 1min, kNow, prng_);
  EXPECT_EQ(timing_.mean_delay()->limit, DelayLimit::rate);
  timing_.set_rates(0.001, 0.0005);
  EXPECT_EQ(timing_.mean_delay()->limit, DelayLimit::day);
}

TEST_F(PollTimingTest, ACadenceThatDoesNotLearnHasNoExpectedDelay) {
  EXPECT_FALSE(timing_.mean_delay());
}

TEST_F(PollTimingTest, ADailyRateLengthensTheGapsWhileManyWait) {
  timing_.set(adaptive());
  timing_.set_rates(0, 0.001);
  std::vector<PollPrice::Load> loads(100, 0);
  for (auto& load : loads) timing_.after_pending(load, 1min, kNow, prng_);
  const auto crowded = timing_.after_pending(load_, 1min, kNow, prng_).at;
  for (const auto load : loads) timing_.remove(load);
  EXPECT_LT(timing_.after_pending(load_, 1min, kNow, prng_).at, crowded);
}

TEST_F(PollTimingTest, AHintLetsThePollBeAtOnceButNotBeforeMinInterval) {
  EXPECT_EQ(timing_.after_hint(Mono::min(), kNow).at, kNow);
  EXPECT_EQ(timing_.after_hint(kNow - 1min, kNow).at, kNow);
  const auto due = timing_.after_hint(kNow - 500ms, kNow);
  EXPECT_EQ(due.at, kNow + 1500ms);
  EXPECT_EQ(due.floor, due.at);
}

TEST_F(PollTimingTest, AnAnnouncedCompletionWasShortlyBeforeItsHint) {
  timing_.set(adaptive());
  for (int i = 0; i < 500; ++i) timing_.saw_announced(0s, 10min, 2h);
  EXPECT_GT(timing_.hazard().survival(0s, 7min), 0.9);
  EXPECT_LT(timing_.hazard().survival(0s, 15min), 0.2);
  EXPECT_NEAR(timing_.hazard().completions(), 443, 5) << "each counts and fades as one";
}

TEST_F(PollTimingTest, AHintBeforeTheLastPendingAnswerSaysNothing) {
  timing_.set(adaptive());
  for (int i = 0; i < 500; ++i) timing_.saw_announced(20min, 10min, 21min);
  EXPECT_GT(timing_.hazard().survival(8min, 12min), 0.8);
  EXPECT_LT(timing_.hazard().survival(20min, 21min), 0.5);
}

TEST_F(PollTimingTest, WhileHintsAnnounceAllResultsPollsAreRareExceptAfterASpentHint) {
  timing_.set(adaptive());
  given_completions(500, 10min);
  const auto without = timing_.after_pending(load_, 5min, kNow, prng_).at - kNow;
  const double chance = timing_.chance_done(0s, 11min);
  for (int i = 0; i < 3000; ++i) timing_.hints().add_announced(kNow);
  EXPECT_GT(timing_.after_pending(load_, 5min, kNow, prng_).at - kNow, 10 * without);
  EXPECT_LT(timing_.chance_done(0s, 11min), chance / 100);
  EXPECT_LE(timing_.after_pending(load_, 2h, kNow, prng_).at, kNow + 30min);
  auto stretched = adaptive();
  stretched.hinted_max_interval = 24h;
  timing_.set(stretched);
  EXPECT_GT(timing_.after_pending(load_, 2h, kNow, prng_).at, kNow + 1h) << "above max_interval";
  const auto spent = timing_.after_pending(load_, 5min, kNow, prng_, true).at - kNow;
  EXPECT_LT(spent, 2 * without);
  EXPECT_LE(timing_.after_pending(load_, 24h, kNow, prng_, true).at, kNow + 30min);
  timing_.set(settings());
  EXPECT_LE(timing_.after_pending(load_, 24h, kNow, prng_).at, kNow + 30min)
      << "an exponential cadence is as it is set";
}

}  // namespace
}  // namespace attestrd
