#include "admission/daily_budget.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

// 06:30 in Kolkata.
const Wall kMorning{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + 1h};
const AccountDay kToday = account_day_of(kMorning);

Reservation in_full(const DayRequests& wanted) {
  return {wanted.day, wanted.requests, wanted.requests};
}

/// A fixture whose store grants each reservation in full and makes it durable at once.
class DailyBudgetTest : public testing::Test {
 protected:
  DailyBudgetTest() { budget_.advance_to(kMorning); }

  void reserve(std::uint64_t last_polls = 0) {
    while (const auto wanted = budget_.next_reservation()) {
      if (durable_.day != wanted->day) durable_ = {wanted->day, 0};
      durable_.requests += wanted->requests;
      ++commits_;
      budget_.reserved(in_full(*wanted), last_polls);
    }
  }

  /// Spends up to `most` requests, and returns how many the budget allowed.
  int spend(int most, bool are_last_polls = false, std::uint64_t last_polls = 0) {
    for (int spent = 0; spent < most; ++spent) {
      reserve(last_polls);
      const bool is_open = are_last_polls ? budget_.allows() : !budget_.is_spent();
      if (!is_open || !budget_.allows()) return spent;
      budget_.spend(are_last_polls);
    }
    return most;
  }

  DailyBudget budget_;
  DayRequests durable_;
  int commits_ = 0;
};

TEST_F(DailyBudgetTest, WithoutALimitAllIsAllowedAndNothingIsReserved) {
  EXPECT_EQ(spend(100'000), 100'000);
  EXPECT_EQ(commits_, 0);
  EXPECT_FALSE(budget_.is_limited());
  EXPECT_FALSE(budget_.is_used_up());
  EXPECT_EQ(budget_.give_back(), std::nullopt);
  EXPECT_EQ(budget_.spent(), 100'000U);
}

TEST_F(DailyBudgetTest, ALowerLimitHoldsForWhatIsReservedAlready) {
  budget_.set_limit(10'000);
  EXPECT_EQ(spend(10), 10);
  EXPECT_TRUE(budget_.allows());
  budget_.set_limit(10);
  EXPECT_FALSE(budget_.allows());
}

TEST_F(DailyBudgetTest, ALowerLimitHoldsForAReservationUnderWay) {
  budget_.set_limit(10'000);
  const auto wanted = *budget_.next_reservation();
  budget_.set_limit(10);
  budget_.reserved({wanted.day, wanted.requests, wanted.requests - 1}, 0);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(budget_.allows());
    budget_.spend(false);
  }
  EXPECT_FALSE(budget_.allows());
}

TEST_F(DailyBudgetTest, NothingGoesOutBeforeItIsReserved) {
  budget_.set_limit(10'000);
  EXPECT_FALSE(budget_.allows());
  const auto wanted = budget_.next_reservation();
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->day, kToday);
  EXPECT_EQ(budget_.next_reservation(), std::nullopt) << "one at a time";
  EXPECT_FALSE(budget_.allows());
  budget_.reserved(in_full(*wanted), 0);
  EXPECT_TRUE(budget_.allows());
}

TEST_F(DailyBudgetTest, AllOfItGoesAndNoMore) {
  for (const std::uint64_t limit : {1U, 2U, 3U, 100U, 255U, 256U, 10'000U}) {
    budget_ = DailyBudget();
    durable_ = {};
    budget_.advance_to(kMorning);
    budget_.set_limit(limit);
    EXPECT_EQ(spend(20'000), static_cast<int>(limit));
    EXPECT_TRUE(budget_.is_used_up());
    EXPECT_EQ(durable_, (DayRequests{kToday, limit}));
  }
}

TEST_F(DailyBudgetTest, FewCommitsServeADay) {
  budget_.set_limit(100'000);
  EXPECT_EQ(spend(100'000), 100'000);
  EXPECT_LT(commits_, 600);
}

TEST_F(DailyBudgetTest, WhatIsReservedIsAlwaysAheadOfWhatIsSpentButNotFar) {
  budget_.set_limit(10'000);
  for (int i = 0; i < 9000; ++i) {
    ASSERT_EQ(spend(1), 1);
    ASSERT_GE(durable_.requests, budget_.spent());
    ASSERT_LE(durable_.requests, budget_.spent() + 10'000 / 256 + 1);
  }
}

TEST_F(DailyBudgetTest, AKilledProcessForgetsNoRequest) {
  budget_.set_limit(1000);
  int sent = 0;
  for (int life = 0; life < 200; ++life) {
    sent += spend(7);
    budget_ = DailyBudget();
    budget_.set_limit(1000);
    budget_.advance_to(kMorning);
    budget_.recall(durable_);
    budget_.advance_to(kMorning);
  }
  EXPECT_LE(sent, 1000);
  EXPECT_GT(sent, 600) << "a death costs four requests at most";
}

TEST_F(DailyBudgetTest, AProcessThatIsStoppedGivesBackWhatItDidNotSpend) {
  budget_.set_limit(10'000);
  spend(5);
  const auto unspent = budget_.give_back();
  ASSERT_TRUE(unspent);
  EXPECT_EQ(*unspent, (DayRequests{kToday, durable_.requests - 5}));
  EXPECT_EQ(budget_.give_back(), std::nullopt) << "nothing else is reserved";
  const auto wanted = budget_.next_reservation();
  ASSERT_TRUE(wanted);
  EXPECT_EQ(budget_.give_back(), std::nullopt) << "what is under way is not granted yet";
  budget_.reserved(in_full(*wanted), 0);
  EXPECT_EQ(budget_.give_back(), wanted);
}

TEST_F(DailyBudgetTest, WhatWasGivenBackIsNotSpentAfterARestart) {
  budget_.set_limit(10'000);
  spend(5);
  durable_.requests -= budget_.give_back()->requests;
  budget_ = DailyBudget();
  budget_.set_limit(10'000);
  budget_.recall(durable_);
  budget_.advance_to(kMorning);
  EXPECT_EQ(budget_.spent(), 5U);
}

TEST_F(DailyBudgetTest, ASmallerGrantSaysThatOthersHaveTheRestOfTheDay) {
  budget_.set_limit(1000);
  const auto wanted = budget_.next_reservation();
  ASSERT_TRUE(wanted);
  ASSERT_GT(wanted->requests, 2U);
  budget_.reserved({wanted->day, wanted->requests, 2}, 0);
  EXPECT_EQ(budget_.next_reservation(), std::nullopt) << "asking again brings no more";
  EXPECT_EQ(budget_.spent(), 998U);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(budget_.allows());
    budget_.spend(false);
  }
  EXPECT_TRUE(budget_.is_used_up());
  EXPECT_EQ(budget_.next_reservation(), std::nullopt);
  budget_.advance_to(kMorning + 24h);
  EXPECT_TRUE(budget_.next_reservation()) << "tomorrow there are more";
}

TEST_F(DailyBudgetTest, LateGrantOfASmallerReservationIsNoRefusal) {
  budget_.set_limit(1000);
  const auto early = budget_.next_reservation();
  ASSERT_TRUE(early);
  budget_.advance_to(kMorning + 24h);  // A clock that is wrong, until the next line.
  budget_.advance_to(kMorning);
  budget_.set_limit(100'000);
  const auto late = budget_.next_reservation();
  ASSERT_TRUE(late);
  ASSERT_GT(late->requests, early->requests);
  budget_.reserved(in_full(*early), 0);
  EXPECT_FALSE(budget_.is_used_up());
  EXPECT_EQ(budget_.spent(), 0U);
  budget_.reserved(in_full(*late), 0);
  EXPECT_EQ(spend(2000), 2000);
}

TEST_F(DailyBudgetTest, NoGrantAtAllUsesTheDayUp) {
  spend(300);
  budget_.set_limit(200);
  const auto wanted = budget_.next_reservation();
  ASSERT_TRUE(wanted);
  budget_.reserved({kToday, wanted->requests, 0}, 0);
  EXPECT_EQ(budget_.next_reservation(), std::nullopt);
  EXPECT_TRUE(budget_.is_used_up());
}

TEST_F(DailyBudgetTest, KeepsOneForEachDeadlineOfTheDay) {
  budget_.set_limit(1000);
  EXPECT_EQ(spend(1000, false, 30), 970);
  EXPECT_TRUE(budget_.is_spent());
  EXPECT_FALSE(budget_.is_used_up());
  EXPECT_EQ(budget_.kept(), 30U);
  EXPECT_EQ(spend(1000, true, 30), 30) << "the last polls are made";
  EXPECT_TRUE(budget_.is_used_up());
}

TEST_F(DailyBudgetTest, NoMoreThanHalfIsKept) {
  budget_.set_limit(1000);
  EXPECT_EQ(spend(1000, false, 5000), 500);
  EXPECT_EQ(spend(1000, true, 5000), 500);
}

TEST_F(DailyBudgetTest, ALastPollTakesFromWhatIsKept) {
  budget_.set_limit(1000);
  spend(1, false, 10);
  for (int i = 0; i < 3; ++i) budget_.spend(true);
  EXPECT_EQ(budget_.kept(), 7U);
  for (int i = 0; i < 30; ++i) budget_.spend(true);
  EXPECT_EQ(budget_.kept(), 0U);
}

TEST_F(DailyBudgetTest, OnceSpentItStaysSpent) {
  budget_.set_limit(100);
  spend(100, false, 10);
  ASSERT_TRUE(budget_.is_spent());
  budget_.reserved({kToday, 95, 95}, 0);  // The handshakes that needed last polls have ended.
  EXPECT_TRUE(budget_.is_spent());
  budget_.set_limit(100);
  EXPECT_TRUE(budget_.is_spent());
}

TEST_F(DailyBudgetTest, ANewLimitHoldsAtOnce) {
  budget_.set_limit(100);
  spend(100);
  budget_.set_limit(150);
  EXPECT_FALSE(budget_.is_spent());
  EXPECT_EQ(spend(1000), 50);
  budget_.set_limit(120);
  EXPECT_TRUE(budget_.is_spent());
  EXPECT_TRUE(budget_.is_used_up());
  budget_.set_limit(0);
  EXPECT_FALSE(budget_.is_spent());
  EXPECT_EQ(spend(10), 10);
}

TEST_F(DailyBudgetTest, WhatWentOutWithoutALimitCountsToo) {
  spend(300);
  budget_.set_limit(200);
  EXPECT_TRUE(budget_.is_used_up());
  reserve();
  EXPECT_EQ(durable_, (DayRequests{kToday, 300}));
}

TEST_F(DailyBudgetTest, TheNextDayBeginsAnew) {
  budget_.set_limit(100);
  spend(1000);
  const Wall midnight = kMorning + until_next_account_day(kMorning);
  budget_.advance_to(midnight - Duration(1));
  EXPECT_TRUE(budget_.is_spent());
  budget_.advance_to(midnight);
  EXPECT_FALSE(budget_.is_spent());
  EXPECT_EQ(budget_.spent(), 0U);
  EXPECT_FALSE(budget_.allows()) << "the new day is not reserved yet";
  EXPECT_EQ(spend(1000), 100);
  EXPECT_EQ(durable_.day, kToday + 1);
}

TEST_F(DailyBudgetTest, AReservationOfYesterdayIsNoneOfToday) {
  budget_.set_limit(100);
  const auto yesterdays = budget_.next_reservation();
  ASSERT_TRUE(yesterdays);
  budget_.advance_to(kMorning + 24h);
  const auto todays = budget_.next_reservation();
  ASSERT_TRUE(todays);
  budget_.reserved(in_full(*yesterdays), 0);
  EXPECT_FALSE(budget_.allows());
  budget_.reserved(in_full(*todays), 0);
  EXPECT_TRUE(budget_.allows());
}

TEST_F(DailyBudgetTest, AClockSetBackOverMidnightBringsNoDayTwice) {
  budget_.set_limit(100);
  const Wall midnight = kMorning + until_next_account_day(kMorning);
  budget_.advance_to(midnight + 10min);
  EXPECT_EQ(spend(60), 60);
  budget_.advance_to(midnight - 40min);
  EXPECT_EQ(budget_.spent(), 60U);
  budget_.advance_to(midnight);
  EXPECT_EQ(budget_.spent(), 60U);
  budget_.advance_to(midnight + 24h);
  EXPECT_EQ(budget_.spent(), 0U);
}

TEST_F(DailyBudgetTest, ADayThatWasNeverReachedTakesNothingFromTheRealOne) {
  budget_.set_limit(100);
  budget_.advance_to(kMorning + 24h);  // The wall clock is a day ahead.
  EXPECT_EQ(spend(60), 60);
  budget_.advance_to(kMorning);
  EXPECT_EQ(budget_.spent(), 60U) << "today, by whatever name";
  budget_.advance_to(kMorning + 24h);
  EXPECT_EQ(budget_.spent(), 0U);
}

TEST_F(DailyBudgetTest, ADayThatWasNeverReachedTakesNothingFromTheRealOneAfterARestart) {
  budget_.set_limit(100);
  budget_.advance_to(kMorning + 24h);
  EXPECT_EQ(spend(60), 60);
  budget_ = DailyBudget();
  budget_.set_limit(100);
  budget_.advance_to(kMorning);
  budget_.recall(durable_);
  budget_.advance_to(kMorning);
  EXPECT_GE(budget_.spent(), 60U);
  EXPECT_EQ(spend(100), 40);
  budget_.advance_to(kMorning + 24h);
  EXPECT_EQ(spend(200), 100);
}

TEST_F(DailyBudgetTest, AClockThatWasFarAheadFreezesNothing) {
  budget_.set_limit(100);
  budget_.advance_to(kMorning + 365 * 24h);
  EXPECT_EQ(spend(60), 60);
  ASSERT_TRUE(budget_.next_reservation());
  budget_.advance_to(kMorning);
  EXPECT_EQ(budget_.spent(), 60U) << "today, by whatever name";
  EXPECT_EQ(spend(100), 40);
  EXPECT_EQ(durable_.day, kToday);
  budget_.advance_to(kMorning + 24h);
  EXPECT_EQ(spend(200), 100);
}

TEST_F(DailyBudgetTest, ARateThatLastsUntilTheDayEnds) {
  budget_.set_limit(8640);
  const Wall midnight = kMorning + until_next_account_day(kMorning);
  budget_.advance_to(midnight);
  EXPECT_NEAR(budget_.rate(midnight), 0.1, 1e-9);
  EXPECT_NEAR(budget_.rate(midnight + 12h), 0.2, 1e-9) << "what was saved is there";
  EXPECT_NEAR(budget_.rate(midnight + 24h - 1s), 2.4, 1e-9) << "but is not burnt at the end";
  spend(4320, false, 864);
  EXPECT_NEAR(budget_.rate(midnight + 12h), 0.08, 1e-9) << "without those kept";
  spend(8640, false, 864);
  EXPECT_NEAR(budget_.rate(midnight + 12h), 0.025, 1e-9) << "tomorrow there are more";
}

}  // namespace
}  // namespace attestrd
