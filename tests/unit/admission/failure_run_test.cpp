#include "admission/failure_run.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr PauseReason kForbidden = PauseReason::forbidden;

class FailureRunTest : public testing::Test {
 protected:
  static Mono at(Duration since_start) { return Mono(1000h) + since_start; }
  void fails(std::uint32_t handshake, Duration when, PauseReason reason = kForbidden) {
    run_.add({handshake, false, pending_}, reason, at(when));
  }
  bool is_of_account(std::size_t pending, Duration when, PauseReason reason = kForbidden) const {
    return run_.is_of_account(reason, pending, at(when));
  }

  FailureRun run_;
  std::size_t pending_ = 100;
};

TEST_F(FailureRunTest, OneHandshakeNeverBlamesTheAccount) {
  for (int i = 0; i < 100; ++i) fails(1, i * 1min);
  EXPECT_FALSE(is_of_account(1, 100min));
}

TEST_F(FailureRunTest, TwoThatAreAllBlameTheAccountAtOnce) {
  fails(1, 0s);
  fails(2, 0s);
  EXPECT_TRUE(is_of_account(2, 0s));
  EXPECT_FALSE(is_of_account(3, 0s)) << "the third is not asked yet";
}

TEST_F(FailureRunTest, TheTroubleOfTwoMustBeTheSame) {
  fails(1, 0s);
  fails(2, 0s, PauseReason::unauthorized);
  EXPECT_FALSE(is_of_account(2, 0s));
  fails(2, 1s);
  EXPECT_TRUE(is_of_account(2, 1s));
}

TEST_F(FailureRunTest, AmongManyTwentyPollsForTenSecondsBlameTheAccount) {
  for (std::uint32_t i = 0; i < limits::kFailureRunPolls; ++i) fails(i % 3, 0s);
  EXPECT_FALSE(is_of_account(100, limits::kFailureRun - 1ms));
  EXPECT_TRUE(is_of_account(100, limits::kFailureRun));
}

TEST_F(FailureRunTest, ALongTimeWithFewPollsAmongManyDoesNot) {
  for (std::uint32_t i = 1; i < limits::kFailureRunPolls; ++i) fails(i % 3, i * 1min);
  EXPECT_FALSE(is_of_account(100, 1h));
}

TEST_F(FailureRunTest, AGoodAnswerEndsTheRunAndPreventsAPauseForAWhile) {
  fails(1, 0s);
  run_.good(at(1s));
  fails(2, 2s);
  EXPECT_FALSE(is_of_account(2, 1h)) << "one since then";
  fails(1, 3s);
  EXPECT_FALSE(is_of_account(2, 1s + limits::kFailureRun - 1ms));
  EXPECT_TRUE(is_of_account(2, 1s + limits::kFailureRun));
}

TEST_F(FailureRunTest, RefusalsOfTwoAtTheFloorOfTheRateBlameTheAccount) {
  fails(1, 0s, PauseReason::rate_limited);
  EXPECT_FALSE(is_of_account(100, 0s, PauseReason::rate_limited));
  fails(2, 0s, PauseReason::rate_limited);
  EXPECT_TRUE(is_of_account(100, 0s, PauseReason::rate_limited));
}

TEST_F(FailureRunTest, OneCertificateBlamesTheAccountUnlessAnAnswerWasGoodJustNow) {
  fails(1, 0s, PauseReason::certificate);
  EXPECT_TRUE(is_of_account(100, 0s, PauseReason::certificate));
  run_.good(at(1s));
  fails(1, 5s, PauseReason::certificate);
  EXPECT_FALSE(is_of_account(100, 5s, PauseReason::certificate));
  EXPECT_TRUE(is_of_account(100, 1s + limits::kFailureRun, PauseReason::certificate));
}

TEST_F(FailureRunTest, OneRefusedTunnelBlamesTheAccountToo) {
  fails(1, 0s, PauseReason::proxy);
  EXPECT_TRUE(is_of_account(100, 0s, PauseReason::proxy));
  run_.good(at(1s));
  fails(1, 5s, PauseReason::proxy);
  EXPECT_FALSE(is_of_account(100, 5s, PauseReason::proxy));
}

TEST_F(FailureRunTest, MoreHandshakesThanFitAreForgottenInTurn) {
  for (std::uint32_t i = 0; i < 3 * limits::kFailureRunPolls; ++i) fails(i, 0s);
  EXPECT_TRUE(is_of_account(1000, limits::kFailureRun));
}

TEST_F(FailureRunTest, PollsAreAnsweredWhileAGoodAnswerIsRecent) {
  EXPECT_FALSE(run_.is_answered(at(0s)));
  run_.good(at(0s));
  EXPECT_TRUE(run_.is_answered(at(1h))) << "it is the last poll";
  for (std::uint32_t i = 0; i < limits::kFailureRunPolls; ++i) fails(1, 1s);
  EXPECT_TRUE(run_.is_answered(at(2s)));
  EXPECT_FALSE(run_.is_answered(at(limits::kFailureRun)));
}

TEST_F(FailureRunTest, NoOtherIsAnsweredOnceAllPendingHaveFailed) {
  run_.good(at(0s));
  pending_ = 2;
  fails(1, 1min);
  EXPECT_TRUE(run_.is_answered(at(1min)));
  fails(2, 2min);
  EXPECT_FALSE(run_.is_answered(at(2min)));
  pending_ = 3;
  fails(1, 3min);
  EXPECT_TRUE(run_.is_answered(at(3min))) << "a new one may be answered";
}

}  // namespace
}  // namespace attestrd
