#include "schedule/hint_coverage.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

class HintCoverageTest : public testing::Test {
 protected:
  void announced(int count, Duration every = 10s) {
    for (int i = 0; i < count; ++i) hints_.add_announced(now_ += every);
  }
  /// A minute passes in which so many results were expected, and so many hints came.
  void check(double expected, int hints) {
    for (int i = 0; i < hints; ++i) hints_.add_hint();
    if (hints_.is_check_due(now_ += 1min)) hints_.check(now_, expected);
  }
  void unannounced(int count) {
    for (int i = 0; i < count; ++i) hints_.add_unannounced(++handshake_);
  }

  HintCoverage hints_;
  Mono now_{1000h};
  std::uint64_t handshake_ = 0;
};

TEST_F(HintCoverageTest, WithoutHintsNoResultIsAnnounced) {
  EXPECT_EQ(hints_.unannounced(), 1);
  unannounced(10'000);
  EXPECT_EQ(hints_.unannounced(), 1);
  EXPECT_FALSE(hints_.next());
}

TEST_F(HintCoverageTest, AFewHintsProveNothing) {
  announced(10);
  EXPECT_EQ(hints_.unannounced(), 1);
}

TEST_F(HintCoverageTest, HintsForAllResultsLeaveHardlyAnyUnannounced) {
  announced(100);
  EXPECT_LT(hints_.unannounced(), 1e-3);
  announced(5000);
  EXPECT_LT(hints_.unannounced(), 2e-5);
  EXPECT_GT(hints_.unannounced(), 0);
}

TEST_F(HintCoverageTest, TheShareIsThatOfTheLostHints) {
  for (int i = 0; i < 3000; ++i) i % 10 == 0 ? unannounced(1) : announced(1);
  EXPECT_GT(hints_.unannounced(), 0.09);
  EXPECT_LT(hints_.unannounced(), 0.16) << "the latest results weigh more";
}

TEST_F(HintCoverageTest, OneLostHintIsNoProofAndManyAre) {
  announced(3000);
  unannounced(1);
  EXPECT_LT(hints_.unannounced(), 1e-3);
  unannounced(1);
  EXPECT_GT(hints_.unannounced(), 0.04);
  unannounced(60);
  EXPECT_GT(hints_.unannounced(), 0.9);
  announced(80);
  EXPECT_LT(hints_.unannounced(), 0.05);
}

TEST_F(HintCoverageTest, ALateHintAnnouncesTheResultThatAPollFoundBefore) {
  announced(3000);
  unannounced(10);
  EXPECT_GT(hints_.unannounced(), 0.3);
  for (std::uint64_t i = 1; i <= 10; ++i) hints_.add_late(i, now_);
  EXPECT_LT(hints_.unannounced(), 1e-4);
  const double before = hints_.unannounced();
  hints_.add_late(1, now_);
  hints_.add_late(999, now_);
  hints_.add_late(0, now_);
  EXPECT_EQ(hints_.unannounced(), before) << "neither a second hint nor one of another counts";
}

TEST_F(HintCoverageTest, MissingHintsShowThatHintsHaveStopped) {
  announced(100);
  check(0, 0);
  EXPECT_EQ(hints_.next(), now_ + 1min);
  EXPECT_FALSE(hints_.is_check_due(now_ + 59s));
  EXPECT_TRUE(hints_.is_check_due(now_ + 1min));
  EXPECT_EQ(hints_.checked_at(), now_);
  check(9, 0);
  EXPECT_LT(hints_.unannounced(), 1e-3);
  check(9, 0);
  EXPECT_LT(hints_.unannounced(), 1e-3);
  check(9, 0);
  EXPECT_EQ(hints_.unannounced(), 1);
  EXPECT_TRUE(hints_.take_replan(now_)) << "all polls are planned anew";
  EXPECT_FALSE(hints_.take_replan(now_ + 1h));
  EXPECT_FALSE(hints_.is_check_due(now_ + 1h));
  EXPECT_FALSE(hints_.next());
}

TEST_F(HintCoverageTest, HintsThatComeAsExpectedAreNeverMissing) {
  announced(100);
  for (int i = 0; i < 1000; ++i) check(10, i % 2 == 0 ? 5 : 30);
  for (int i = 0; i < 1000; ++i) check(10, 11);
  EXPECT_LT(hints_.unannounced(), 1e-3);
}

TEST_F(HintCoverageTest, HintsThatStopInPartAreMissingToo) {
  announced(100);
  for (int i = 0; i < 20; ++i) check(10, 5);
  EXPECT_EQ(hints_.unannounced(), 1);
}

TEST_F(HintCoverageTest, WhereHalfOfTheHintsAreLostHalfAreExpected) {
  for (int i = 0; i < 3000; ++i) {
    unannounced(1);
    announced(1);
  }
  for (int i = 0; i < 100; ++i) check(10, 6);
  EXPECT_LT(hints_.unannounced(), 0.6);
  for (int i = 0; i < 20; ++i) check(10, 0);
  EXPECT_EQ(hints_.unannounced(), 1);
}

TEST_F(HintCoverageTest, AfterASilenceHintsProveThemselvesAnew) {
  announced(3000);
  check(100, 0);
  EXPECT_EQ(hints_.unannounced(), 1);
  EXPECT_TRUE(hints_.take_replan(now_));
  announced(1);
  EXPECT_GT(hints_.unannounced(), 0.5);
  EXPECT_EQ(hints_.checked_at(), now_) << "what was missed before does not count again";
  announced(40);
  EXPECT_LT(hints_.unannounced(), 1e-3);
}

TEST_F(HintCoverageTest, PollsArePlannedAnewWhenTheShareHasGrownMuchAndAtMostOnceAMinute) {
  announced(3000);
  EXPECT_FALSE(hints_.take_replan(now_));
  unannounced(3);
  EXPECT_TRUE(hints_.take_replan(now_));
  EXPECT_FALSE(hints_.take_replan(now_)) << "they are planned";
  announced(100, 100ms);
  unannounced(3);
  EXPECT_EQ(hints_.next(), now_ + 50s);
  EXPECT_FALSE(hints_.take_replan(now_ + 49s));
  EXPECT_TRUE(hints_.take_replan(now_ + 50s));
}

TEST(LongestGap, StretchesUpToADayWhileHintsAnnounceNearlyAllResults) {
  EXPECT_EQ(longest_gap(30min, 24h, 1), 30min);
  EXPECT_EQ(longest_gap(30min, 24h, 0.01), 30min);
  EXPECT_NEAR(static_cast<double>(longest_gap(30min, 24h, 0.005) / 1s), 3600, 1);
  EXPECT_EQ(longest_gap(30min, 24h, 1e-5), 24h);
  EXPECT_EQ(longest_gap(48h, 24h, 1e-5), 48h);
  EXPECT_EQ(longest_gap(30min, 0s, 1e-5), 30min) << "it is not wished";
}

}  // namespace
}  // namespace attestrd
