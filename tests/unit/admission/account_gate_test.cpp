#include "admission/account_gate.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr Wall kWall{Duration(1'764'000'000'000'000)};  // 2025-11-24 16:00 UTC, 21:30 in Kolkata

Now at(Duration since_start) { return {Mono(1000h) + since_start, kWall + since_start}; }

constexpr std::size_t kPending = 2;
constexpr FailedPoll kFirst{1, false, kPending};
constexpr FailedPoll kOther{2, false, kPending};
constexpr FailedPoll kCanary{1, true, kPending};

/// Two different handshakes meet the trouble.
bool pause(AccountGate& gate, Now now, PauseReason reason) {
  EXPECT_FALSE(gate.trouble(now, reason, kFirst)) << "it may be that of one handshake";
  return gate.trouble(now, reason, kOther);
}

TEST(AccountGate, IsOpenUntilThereIsTrouble) {
  AccountGate gate;
  EXPECT_TRUE(gate.allows(at(0s)));
  EXPECT_TRUE(pause(gate, at(0s), PauseReason::unauthorized));
  EXPECT_FALSE(gate.allows(at(0s)));
  EXPECT_EQ(gate.reason(), PauseReason::unauthorized);
  EXPECT_EQ(gate.paused_since(), kWall);
}

TEST(AccountGate, LetsOneCanaryThroughAtATime) {
  AccountGate gate;
  pause(gate, at(0s), PauseReason::forbidden);
  EXPECT_TRUE(gate.allows(at(5s)));
  gate.spend();
  EXPECT_FALSE(gate.allows(at(1h)));
  gate.canary_lost();
  EXPECT_TRUE(gate.allows(at(1h)));
}

TEST(AccountGate, AnswersToOthersNeitherResumeNorMoveTheCanary) {
  AccountGate gate;
  pause(gate, at(0s), PauseReason::rate_limited);
  EXPECT_FALSE(gate.good_answer(at(0s), false));
  EXPECT_FALSE(gate.is_open());
  EXPECT_FALSE(gate.trouble(at(4s), PauseReason::rate_limited, kFirst));
  EXPECT_EQ(gate.next_canary(), at(5s).mono);
}

TEST(AccountGate, ACanaryThatIsAskedForStartsAtOnceAndHasANewBackoff) {
  AccountGate gate;
  pause(gate, at(0s), PauseReason::unauthorized);
  for (int i = 0; i < 5; ++i) {
    gate.spend();
    gate.trouble(at(0s), PauseReason::unauthorized, kCanary);
  }
  EXPECT_EQ(gate.next_canary(), at(5s).mono) << "the second of the third pair";
  gate.spend();
  gate.trouble(at(0s), PauseReason::unauthorized, kCanary);
  EXPECT_EQ(gate.next_canary(), at(40s).mono);
  gate.ask_at_once(at(10s));
  ASSERT_TRUE(gate.allows(at(10s)));
  gate.spend();
  gate.ask_at_once(at(10s));
  EXPECT_FALSE(gate.allows(at(10s))) << "one canary at a time";
  gate.trouble(at(11s), PauseReason::unauthorized, kCanary);
  EXPECT_EQ(gate.next_canary(), at(16s).mono) << "the second of the first pair";
  gate.spend();
  gate.trouble(at(16s), PauseReason::unauthorized, kCanary);
  EXPECT_EQ(gate.next_canary(), at(26s).mono) << "the second wait of a pause";
}

TEST(AccountGate, AFailureOfAPollBeforeThePauseDoesNotMoveTheCanary) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::certificate, kFirst);
  EXPECT_FALSE(gate.failure(at(4s), kFirst));
  EXPECT_EQ(gate.next_canary(), at(5s).mono);
}

TEST(AccountGate, WithoutAnAnswerThePauseForACertificateBacksOff) {
  AccountGate gate;
  gate.trouble(at(0s), PauseReason::certificate, kFirst);
  gate.spend();
  EXPECT_FALSE(gate.failure(at(5s), kCanary));
  EXPECT_EQ(gate.next_canary(), at(10s).mono);
  gate.spend();
  EXPECT_FALSE(gate.failure(at(10s), kCanary));
  EXPECT_EQ(gate.next_canary(), at(20s).mono);
}

TEST(AccountGate, ANewReasonHasItsOwnBackoff) {
  AccountGate gate;
  pause(gate, at(0s), PauseReason::daily_limit);
  for (int i = 0; i < 10; ++i) {
    gate.spend();
    gate.trouble(at(0s), PauseReason::daily_limit, kCanary);
  }
  gate.spend();
  gate.trouble(at(0s), PauseReason::rate_limited, kCanary);
  EXPECT_EQ(gate.next_canary(), at(5s).mono);
}

TEST(AccountGate, APairOfFailedCanariesWaitsTwiceAsLongUpToTheCap) {
  AccountGate gate;
  pause(gate, at(0s), PauseReason::unauthorized);
  Duration now = 0s;
  Duration expected = 5s;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(gate.next_canary() - at(now).mono, expected);
    now += expected;
    gate.spend();
    EXPECT_FALSE(gate.trouble(at(now), PauseReason::unauthorized, kCanary)) << "no second pause";
    EXPECT_EQ(gate.next_canary() - at(now).mono, 5s) << "another handshake is asked";
    now += 5s;
    gate.spend();
    EXPECT_FALSE(gate.trouble(at(now), PauseReason::unauthorized, kCanary)) << "no second pause";
    expected = std::min<Duration>(expected * 2, 10min);
  }
  gate.spend();
  EXPECT_TRUE(gate.good_answer(at(0s), true));
  EXPECT_TRUE(gate.is_open());
}

TEST(AccountGate, ACanaryThatCameToNothingIsSentAgainAfterTheSameWait) {
  AccountGate gate;
  pause(gate, at(0s), PauseReason::low_credits);
  for (Duration now = 5s; now < 1min; now += 5s) {
    EXPECT_FALSE(gate.allows(at(now - 1us)));
    ASSERT_TRUE(gate.allows(at(now)));
    gate.spend();
    gate.failure(at(now), kCanary);
  }
}

TEST(AccountGate, WhereNoAnswerIsTheTroubleACanaryWithoutOneWaitsTwiceAsLong) {
  AccountGate gate;
  pause(gate, at(0s), PauseReason::upstream_down);
  for (const Duration then : {5s, 10s}) {
    gate.spend();
    gate.failure(at(then), kCanary);
  }
  EXPECT_EQ(gate.next_canary(), at(20s).mono);
}

TEST(AccountGate, TheDailyLimitTurnsAtMidnightInKolkata) {
  AccountGate gate;
  pause(gate, at(0s), PauseReason::daily_limit);
  EXPECT_EQ(gate.next_canary(), at(1h).mono);
  for (int i = 0; i < 2; ++i) {
    gate.spend();
    gate.trouble(at(2h), PauseReason::daily_limit, kCanary);
  }
  EXPECT_EQ(gate.next_canary(), at(2h + 30min).mono) << "23:30 there";
}

TEST(AccountGate, TheCircuitBreaksAtTheTenthFailureInARow) {
  AccountGate gate;
  const auto fail = [&gate](Duration now, std::uint32_t times) {
    for (std::uint32_t i = 0; i < times; ++i)
      EXPECT_FALSE(gate.failure(at(now), i % 2 == 0 ? kFirst : kOther));
  };
  fail(0s, limits::kBreakerFailures - 1);
  gate.good_answer(at(0s), false);
  fail(limits::kFailureRun, limits::kBreakerFailures - 1);
  EXPECT_TRUE(gate.failure(at(limits::kFailureRun), kOther));
  EXPECT_EQ(gate.reason(), PauseReason::upstream_down);
}

TEST(AccountGate, FailuresOfOneHandshakeBreakNoCircuit) {
  AccountGate gate;
  for (std::uint32_t i = 0; i < 3 * limits::kBreakerFailures; ++i)
    EXPECT_FALSE(gate.failure(at(1h), kFirst));
  EXPECT_TRUE(gate.is_open());
}

TEST(AccountGate, EveryReasonHasItsOwnName) {
  EXPECT_EQ(name_of(PauseReason::low_credits), "low_credits");
  EXPECT_EQ(name_of(PauseReason::wrong_version), "wrong_version");
  EXPECT_EQ(name_of(PauseReason::certificate), "certificate");
}

}  // namespace
}  // namespace attestrd
