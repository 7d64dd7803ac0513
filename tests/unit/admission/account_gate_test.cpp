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

TEST(AccountGate, APauseThatTheFleetSharesHasNoCanaryBeforeItIsThisNodes) {
  AccountGate gate;
  EXPECT_EQ(gate.share(at(0s), {}), AccountGate::Shared::unchanged);
  pause(gate, at(0s), PauseReason::unauthorized);
  EXPECT_EQ(gate.reason_to_share(), PauseReason::unauthorized);
  EXPECT_FALSE(gate.allows(at(1h)));
  EXPECT_EQ(gate.next(), std::nullopt);
  const SharedPause own{PauseReason::unauthorized, kWall};
  EXPECT_EQ(gate.share(at(1h), own), AccountGate::Shared::unchanged);
  EXPECT_TRUE(gate.allows(at(1h)));
  gate.spend();
  EXPECT_TRUE(gate.good_answer(at(1h), true));
  EXPECT_EQ(gate.reason_to_share(), std::nullopt);
  EXPECT_TRUE(gate.allows(at(1h)));
}

TEST(AccountGate, APauseOfTheNetworkIsNotShared) {
  for (const auto reason : {PauseReason::certificate, PauseReason::proxy}) {
    AccountGate gate;
    gate.share(at(0s), {});
    EXPECT_TRUE(gate.trouble(at(0s), reason, kFirst));
    EXPECT_EQ(gate.reason_to_share(), std::nullopt);
    EXPECT_TRUE(gate.allows(at(5s)));
  }
}

TEST(AccountGate, AnotherNodesPauseStopsAllAndEndsWithIt) {
  AccountGate gate;
  gate.share(at(0s), {});
  pause(gate, at(0s), PauseReason::forbidden);
  const SharedPause foreign{PauseReason::low_credits, kWall + 1s, "b"};
  EXPECT_EQ(gate.share(at(1s), foreign), AccountGate::Shared::foreign);
  EXPECT_EQ(gate.share(at(2s), foreign), AccountGate::Shared::unchanged);
  EXPECT_EQ(gate.reason(), PauseReason::low_credits);
  EXPECT_EQ(gate.paused_since(), kWall + 1s);
  EXPECT_EQ(gate.reason_to_share(), PauseReason::low_credits) << "should b die";
  EXPECT_FALSE(pause(gate, at(3s), PauseReason::unauthorized)) << "polls that were in flight";
  gate.good_answer(at(3s), false);
  EXPECT_FALSE(gate.allows(at(10h)));
  EXPECT_EQ(gate.share(at(10h), {}), AccountGate::Shared::over);
  EXPECT_TRUE(gate.allows(at(10h)));
  EXPECT_EQ(gate.reason(), std::nullopt) << "not even the one of its own before it";
}

TEST(AccountGate, AnOwnPauseOfTheNetworkOutlastsThatOfTheFleet) {
  AccountGate gate;
  gate.share(at(0s), {});
  gate.trouble(at(0s), PauseReason::certificate, kFirst);
  gate.spend();
  gate.share(at(5s), SharedPause{PauseReason::unauthorized, kWall, "b"});
  EXPECT_FALSE(gate.trouble(at(6s), PauseReason::unauthorized, kCanary));
  EXPECT_FALSE(gate.allows(at(1h)));
  gate.share(at(1h), {});
  EXPECT_EQ(gate.reason(), PauseReason::certificate);
  EXPECT_TRUE(gate.allows(at(1h)));
}

TEST(AccountGate, ThePauseOfADeadNodeIsTakenUpWithACanary) {
  AccountGate gate;
  gate.share(at(0s), SharedPause{PauseReason::daily_limit, kWall, "b"});
  EXPECT_EQ(gate.share(at(1min), SharedPause{PauseReason::daily_limit, kWall}),
            AccountGate::Shared::taken_up);
  EXPECT_EQ(gate.paused_since(), kWall);
  EXPECT_EQ(gate.next_canary(), at(1min + 1h).mono);
  gate.ask_at_once(at(2min));
  EXPECT_TRUE(gate.allows(at(2min)));
}

TEST(AccountGate, ANodeWithoutANetworkGivesTheFleetsPauseUp) {
  AccountGate gate;
  gate.share(at(0s), {});
  pause(gate, at(0s), PauseReason::unauthorized);
  gate.share(at(0s), SharedPause{PauseReason::unauthorized, kWall});
  Duration now = 5s;
  for (std::uint32_t i = 1; i < limits::kLostCanaries; ++i, now += 10min) {
    gate.spend();
    EXPECT_FALSE(gate.failure(at(now), kCanary));
    EXPECT_EQ(gate.reason_to_share(), PauseReason::unauthorized);
  }
  gate.spend();
  EXPECT_TRUE(gate.failure(at(now), kCanary));
  EXPECT_EQ(gate.reason(), PauseReason::upstream_down);
  EXPECT_EQ(gate.reason_to_share(), std::nullopt);
  gate.share(at(now), {});
  EXPECT_EQ(gate.reason(), PauseReason::upstream_down) << "its own goes on";
  EXPECT_TRUE(gate.allows(at(now + 5s)));
}

TEST(AccountGate, ANodeAloneKeepsItsPauseWhateverItsCanariesMeet) {
  AccountGate gate;
  pause(gate, at(0s), PauseReason::unauthorized);
  for (std::uint32_t i = 0; i < 2 * limits::kLostCanaries; ++i) {
    gate.spend();
    EXPECT_FALSE(gate.failure(at(5s), kCanary));
  }
  EXPECT_EQ(gate.reason(), PauseReason::unauthorized);
}

TEST(AccountGate, EveryReasonIsFoundByItsName) {
  for (int i = 0; i <= static_cast<int>(PauseReason::upstream_down); ++i)
    EXPECT_EQ(pause_reason_named(name_of(PauseReason(i))), PauseReason(i));
  EXPECT_EQ(pause_reason_named("another"), std::nullopt);
}

TEST(AccountGate, EveryReasonHasItsOwnName) {
  EXPECT_EQ(name_of(PauseReason::low_credits), "low_credits");
  EXPECT_EQ(name_of(PauseReason::wrong_version), "wrong_version");
  EXPECT_EQ(name_of(PauseReason::certificate), "certificate");
}

}  // namespace
}  // namespace attestrd
