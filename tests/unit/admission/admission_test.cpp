#include "admission/admission.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr Wall kWall{Duration(1'764'000'000'000'000)};  // 2025-11-24 16:00 UTC, 21:30 in Kolkata
constexpr Duration kUntilMidnight = 150min;

Now at(Duration since_start) { return {Mono(1000h) + since_start, kWall + since_start}; }

constexpr FailedPoll kPoll{1, false, 2};
constexpr FailedPoll kOther{2, false, 2};
constexpr FailedPoll kCanary{1, true, 2};

class AdmissionTest : public testing::Test {
 protected:
  void given(const Admission::Limits& limits) {
    admission_.set_limits(limits);
    admission_.advance_to(at(0s));
  }

  /// Grants every reservation that the budget requests.
  void reserve() {
    while (const auto wanted = admission_.budget().next_reservation())
      admission_.budget().reserved({wanted->day, wanted->requests, wanted->requests}, 0);
  }

  Admission admission_;
};

TEST_F(AdmissionTest, WithoutLimitsOnlyTheConnectionsBoundThePolls) {
  given({.connections = 3});
  EXPECT_EQ(admission_.next(), Mono::min()) << "at once";
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(admission_.allows(at(0s)));
    EXPECT_FALSE(admission_.start(at(0s), false)) << "no canary";
  }
  EXPECT_FALSE(admission_.allows(at(0s))) << "slow start";
  EXPECT_EQ(admission_.next(), std::nullopt) << "an answer comes first";
  admission_.good_answer(at(0s), false);
  EXPECT_TRUE(admission_.allows(at(0s)));
  admission_.end();
  EXPECT_EQ(admission_.in_flight(), 1U);
}

TEST_F(AdmissionTest, TheRateSaysWhenToAskAgain) {
  given({.requests_per_second = 1, .connections = 3});
  admission_.start(at(0s), false);
  EXPECT_FALSE(admission_.allows(at(1s)));
  ASSERT_TRUE(admission_.next());
  EXPECT_TRUE(admission_.allows({*admission_.next(), kWall}));
}

TEST_F(AdmissionTest, WithoutAGrantOnlyTheGrantHelps) {
  given({.daily_requests = 1000, .connections = 3});
  EXPECT_FALSE(admission_.budget().allows());
  EXPECT_EQ(admission_.next(), std::nullopt);
  reserve();
  EXPECT_TRUE(admission_.next());
}

TEST_F(AdmissionTest, OnceTheDayIsUsedUpTheNextDayHelps) {
  given({.daily_requests = 1, .connections = 3});
  reserve();
  admission_.start(at(0s), false);
  EXPECT_EQ(admission_.next(), at(kUntilMidnight).mono);
  admission_.advance_to(at(1h));
  EXPECT_EQ(admission_.next(), at(kUntilMidnight).mono);
  admission_.advance_to(at(kUntilMidnight));
  reserve();
  EXPECT_LT(*admission_.next(), at(kUntilMidnight).mono);
}

TEST_F(AdmissionTest, APauseLetsOneCanaryThrough) {
  given({.connections = 10});
  for (int i = 0; i < 5; ++i) admission_.good_answer(at(0s), false);
  EXPECT_FALSE(admission_.start(at(0s), false));
  constexpr Duration kStart = limits::kFailureRun;
  EXPECT_FALSE(admission_.trouble(at(kStart), PauseReason::unauthorized, {}, kPoll));
  EXPECT_TRUE(admission_.trouble(at(kStart), PauseReason::unauthorized, {}, kOther));
  admission_.end();
  EXPECT_FALSE(admission_.allows(at(kStart)));
  constexpr Duration kAsked = kStart + limits::kCanaryFirst;
  EXPECT_EQ(admission_.next(), at(kAsked).mono);
  ASSERT_TRUE(admission_.allows(at(kAsked)));
  EXPECT_TRUE(admission_.start(at(kAsked), false)) << "it is the canary";
  EXPECT_FALSE(admission_.allows(at(1h)));
  EXPECT_EQ(admission_.next(), std::nullopt) << "its answer comes first";
  admission_.end();
  EXPECT_TRUE(admission_.good_answer(at(kAsked), true));
  admission_.start(at(1h), false);
  admission_.start(at(1h), false);
  EXPECT_TRUE(admission_.allows(at(1h)));
  admission_.start(at(1h), false);
  EXPECT_FALSE(admission_.allows(at(1h))) << "after a pause it starts slowly, and grows by one";
}

TEST_F(AdmissionTest, ALostCanaryIsFollowedByTheNext) {
  given({.connections = 10});
  admission_.trouble(at(0s), PauseReason::forbidden, {}, kPoll);
  admission_.trouble(at(0s), PauseReason::forbidden, {}, kOther);
  ASSERT_TRUE(admission_.start(at(1h), false));
  admission_.end();
  admission_.answer_lost(false);
  EXPECT_FALSE(admission_.allows(at(1h))) << "it was another's answer that was lost";
  admission_.answer_lost(true);
  EXPECT_TRUE(admission_.allows(at(1h)));
}

TEST_F(AdmissionTest, FailuresInARowPauseIt) {
  given({.connections = 10});
  for (std::uint32_t i = 1; i < limits::kBreakerFailures; ++i)
    EXPECT_FALSE(admission_.failure(at(0s), {}, kPoll));
  EXPECT_TRUE(admission_.failure(at(0s), {}, kOther));
  EXPECT_EQ(admission_.account().reason(), PauseReason::upstream_down);
}

TEST_F(AdmissionTest, ARefusalLowersTheRateAndRetryAfterHoldsAllPolls) {
  given({.requests_per_second = 20, .connections = 10});
  admission_.start(at(0s), false);
  admission_.start(at(0s), false);
  admission_.end();
  EXPECT_FALSE(admission_.trouble(at(0s), PauseReason::rate_limited, 7s, kPoll));
  EXPECT_TRUE(admission_.account().is_open());
  const double lowered = admission_.effective_rate().value();
  EXPECT_LT(lowered, 20);
  EXPECT_EQ(admission_.rate(kWall), lowered);
  EXPECT_EQ(admission_.next(), at(7s).mono);
  EXPECT_FALSE(admission_.allows(at(6999ms)));
  EXPECT_TRUE(admission_.allows(at(7s)));
  admission_.end();
  admission_.trouble(at(0s), PauseReason::rate_limited, 3s, kPoll);
  EXPECT_EQ(admission_.effective_rate().value(), lowered) << "that poll began before";
  EXPECT_EQ(admission_.next(), at(7s).mono) << "a shorter Retry-After shortens nothing";
  admission_.trouble(at(0s), PauseReason::unauthorized, 99999h, kPoll);
  EXPECT_EQ(admission_.next(), at(7s).mono) << "that may be the trouble of one handshake";
  admission_.trouble(at(0s), PauseReason::unauthorized, 99999h, kOther);
  EXPECT_EQ(admission_.next(), at(limits::kRetryAfterCap).mono);
}

TEST_F(AdmissionTest, RetryAfterHoldsAllPollsDuringAPause) {
  given({.connections = 10});
  admission_.trouble(at(0s), PauseReason::forbidden, {}, kPoll);
  admission_.trouble(at(0s), PauseReason::forbidden, {}, kOther);
  admission_.trouble(at(1s), PauseReason::forbidden, 60s, kPoll);  // It began before the pause.
  EXPECT_EQ(admission_.next(), at(61s).mono);
}

TEST_F(AdmissionTest, APauseForTheRateBeginsOnlyAtTheFloor) {
  given({.requests_per_second = 20, .connections = 10});
  Duration now = 0s;
  int refusals = 0;
  for (bool has_begun = false; !has_begun && refusals < 100; ++refusals) {
    EXPECT_GT(admission_.effective_rate().value(), limits::kLeastRate / 2);
    now = *admission_.next() == Mono::min() ? 0s : *admission_.next() - at(0s).mono;
    admission_.start(at(now), false);
    admission_.end();
    has_begun = admission_.trouble(at(now), PauseReason::rate_limited, {},
                                   refusals % 2 == 0 ? kPoll : kOther);
  }
  EXPECT_EQ(admission_.account().reason(), PauseReason::rate_limited);
  EXPECT_EQ(admission_.effective_rate().value(), limits::kLeastRate);
  EXPECT_LE(refusals, 10);
  EXPECT_LT(now, 20s);
}

TEST_F(AdmissionTest, AFailureHoldsRetryAfterIfThePauseBeginsOrGoesOnWithIt) {
  given({.connections = 10});
  admission_.failure(at(0s), 60s, kPoll);
  EXPECT_TRUE(admission_.allows(at(0s))) << "that is the trouble of one handshake";
  for (std::uint32_t i = 1; i < limits::kBreakerFailures; ++i)
    admission_.failure(at(0s), 60s, kOther);
  EXPECT_EQ(admission_.next(), at(60s).mono);
  EXPECT_EQ(admission_.account().next_canary(), at(60s).mono);
  admission_.start(at(60s), false);
  admission_.end();
  admission_.failure(at(60s), 90s, kCanary);
  EXPECT_EQ(admission_.next(), at(150s).mono);
  admission_.ask_at_once(at(70s));
  EXPECT_EQ(admission_.next(), at(150s).mono) << "Retry-After is held all the same";
}

TEST_F(AdmissionTest, ABacklogStopsPollingUntilItIsWritten) {
  given({.connections = 10});
  admission_.backlog().set_disk_full(true);
  EXPECT_FALSE(admission_.allows(at(0s)));
  EXPECT_EQ(admission_.next(), std::nullopt);
  admission_.backlog().set_disk_full(false);
  EXPECT_TRUE(admission_.allows(at(0s)));
}

TEST_F(AdmissionTest, TheLowerOfBothRatesHolds) {
  given({.requests_per_second = 5, .connections = 1});
  EXPECT_EQ(admission_.rate(kWall), 5);
  given({.requests_per_second = 5, .daily_requests = 8640, .connections = 1});
  EXPECT_EQ(admission_.rate(kWall), admission_.budget().rate(kWall));
  EXPECT_LT(admission_.rate(kWall), 5);
  given({.requests_per_second = 0, .daily_requests = 8640, .connections = 1});
  EXPECT_EQ(admission_.rate(kWall), admission_.budget().rate(kWall));
  given({.requests_per_second = 0.001, .daily_requests = 8640, .connections = 1});
  EXPECT_EQ(admission_.rate(kWall), 0.001);
}

}  // namespace
}  // namespace attestrd
