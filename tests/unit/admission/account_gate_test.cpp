#include "admission/account_gate.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr Wall kWall{Duration(1'764'000'000'000'000)};  // 2025-11-24 16:00 UTC, 21:30 in Kolkata

Now at(Duration since_start) { return {Mono(1000h) + since_start, kWall + since_start}; }

TEST(AccountGate, IsOpenUntilThereIsTrouble) {
  AccountGate gate;
  EXPECT_TRUE(gate.allows(at(0s)));
  EXPECT_TRUE(gate.trouble(at(0s), PauseReason::unauthorized, false));
  EXPECT_FALSE(gate.allows(at(0s)));
  EXPECT_EQ(gate.reason(), PauseReason::unauthorized);
  EXPECT_EQ(gate.paused_since(), kWall);
}

TEST(AccountGate, LetsOneCanaryThroughAtATime) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::forbidden, false);
  EXPECT_TRUE(gate.allows(at(5s)));
  gate.spend();
  EXPECT_FALSE(gate.allows(at(1h)));
  gate.canary_lost();
  EXPECT_TRUE(gate.allows(at(1h)));
}

TEST(AccountGate, AnswersToOthersNeitherResumeNorMoveTheCanary) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::rate_limited, false);
  EXPECT_FALSE(gate.good_answer(false));
  EXPECT_FALSE(gate.is_open());
  EXPECT_FALSE(gate.trouble(at(4s), PauseReason::rate_limited, false));
  EXPECT_EQ(gate.next_canary(), at(5s).mono);
}

TEST(AccountGate, ACanaryThatIsAskedForStartsAtOnceAndHasANewBackoff) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::unauthorized, false);
  for (int i = 0; i < 5; ++i) {
    gate.spend();
    gate.trouble(at(0s), PauseReason::unauthorized, true);
  }
  EXPECT_EQ(gate.next_canary(), at(160s).mono);
  gate.ask_at_once(at(10s));
  ASSERT_TRUE(gate.allows(at(10s)));
  gate.spend();
  gate.ask_at_once(at(10s));
  EXPECT_FALSE(gate.allows(at(10s))) << "one canary at a time";
  gate.trouble(at(11s), PauseReason::unauthorized, true);
  EXPECT_EQ(gate.next_canary(), at(21s).mono) << "the second wait of a pause";
}

TEST(AccountGate, AFailureOfAPollBeforeThePauseDoesNotMoveTheCanary) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::certificate, false);
  EXPECT_FALSE(gate.failure(at(4s), false));
  EXPECT_EQ(gate.next_canary(), at(5s).mono);
}

TEST(AccountGate, WithoutAnAnswerThePauseForACertificateBacksOff) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::certificate, false);
  gate.spend();
  EXPECT_FALSE(gate.failure(at(5s), true));
  EXPECT_EQ(gate.next_canary(), at(15s).mono);
}

TEST(AccountGate, ANewReasonHasItsOwnBackoff) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::daily_limit, false);
  for (int i = 0; i < 10; ++i) {
    gate.spend();
    gate.trouble(at(0s), PauseReason::daily_limit, true);
  }
  gate.spend();
  gate.trouble(at(0s), PauseReason::rate_limited, true);
  EXPECT_EQ(gate.next_canary(), at(5s).mono);
}

TEST(AccountGate, AFailedCanaryWaitsTwiceAsLongUpToTheCap) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::unauthorized, false);
  Duration now = 0s;
  Duration expected = 5s;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(gate.next_canary() - at(now).mono, expected);
    now += expected;
    gate.spend();
    EXPECT_FALSE(gate.trouble(at(now), PauseReason::unauthorized, true)) << "no second pause";
    expected = std::min<Duration>(expected * 2, 10min);
  }
  gate.spend();
  EXPECT_TRUE(gate.good_answer(true));
  EXPECT_TRUE(gate.is_open());
}

TEST(AccountGate, ACanaryThatCameToNothingIsSentAgainAfterTheSameWait) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::low_credits, false);
  for (Duration now = 5s; now < 1min; now += 5s) {
    EXPECT_FALSE(gate.allows(at(now - 1us)));
    ASSERT_TRUE(gate.allows(at(now)));
    gate.spend();
    gate.failure(at(now), true);
  }
}

TEST(AccountGate, WhereNoAnswerIsTheTroubleACanaryWithoutOneWaitsTwiceAsLong) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::upstream_down, false);
  gate.spend();
  gate.failure(at(5s), true);
  EXPECT_EQ(gate.next_canary(), at(15s).mono);
}

TEST(AccountGate, TheDailyLimitTurnsAtMidnightInKolkata) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::daily_limit, false);
  EXPECT_EQ(gate.next_canary(), at(1h).mono);
  gate.spend();
  gate.trouble(at(2h), PauseReason::daily_limit, true);
  EXPECT_EQ(gate.next_canary(), at(2h + 30min).mono) << "23:30 there";
}

TEST(AccountGate, TheCircuitBreaksAtTheTenthFailureInARow) {
  AccountGate gate;
  for (std::uint32_t i = 1; i < limits::kBreakerFailures; ++i) {
    EXPECT_FALSE(gate.failure(at(0s), false));
  }
  gate.good_answer(false);
  for (std::uint32_t i = 1; i < limits::kBreakerFailures; ++i) {
    EXPECT_FALSE(gate.failure(at(0s), false));
  }
  EXPECT_TRUE(gate.failure(at(0s), false));
  EXPECT_EQ(gate.reason(), PauseReason::upstream_down);
}

TEST(AccountGate, EveryReasonHasItsOwnName) {
  EXPECT_EQ(name_of(PauseReason::low_credits), "low_credits");
  EXPECT_EQ(name_of(PauseReason::wrong_version), "wrong_version");
  EXPECT_EQ(name_of(PauseReason::certificate), "certificate");
}

}  // namespace
}  // namespace attestrd
