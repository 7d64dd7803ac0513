#include "base/limits.h"
#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

/// A fixture with a daily limit, at 21:30 in Kolkata. The day of the account ends there at
/// midnight.
class Budget : public Dialogue {
 protected:
  static constexpr Duration kUntilMidnight = 150min;

  void SetUp() override {
    Dialogue::SetUp();
    settings.daily_requests = 100;
    settings.max_interval = 10s;
  }

  void given_many(int count, std::optional<Duration> expires_in = {}) {
    for (int i = 0; i < count; ++i) given_new(fmt::format("h{}", i), expires_in);
  }

  /// Answers all polls as pending for `duration`.
  void answer_all_for(Duration duration) {
    const Mono end = now().mono + duration;
    while (now().mono < end) {
      attestr_says_all_pending();
      advance(std::min(Duration(1s), end - now().mono));
    }
    attestr_says_all_pending();
  }

  EngineReport report() { return engine().report(now()); }
};

TEST_F(Budget, OnceAllButTheKeptRequestsAreSpentPollsWaitForTheNextDay) {
  given_many(5);
  answer_all_for(kUntilMidnight - 1s);
  EXPECT_EQ(polls_started, 100U);
  EXPECT_EQ(said(Event::budget_spent), 1U);
  EXPECT_EQ(last_said(Event::budget_spent).level, Level::warn);
  EXPECT_EQ(last_said(Event::budget_spent).count, 100U);
  EXPECT_GT(*last_said(Event::budget_spent).wait, 2h);
  EXPECT_EQ(said(Event::budget_renewed), 0U);
  EXPECT_TRUE(report().is_day_spent);
  answer_all_for(1s + limits::kNextDayLook);
  EXPECT_EQ(said(Event::budget_renewed), 1U);
  EXPECT_EQ(last_said(Event::budget_renewed).level, Level::info);
  EXPECT_GT(polls_started, 110U);
  answer_all_for(20h);
  EXPECT_EQ(polls_started, 195U) << "five deadlines come in the evening";
  EXPECT_EQ(settles.size(), 0U);
}

TEST_F(Budget, TheReportHasTheLimitAndTheRequestsSpent) {
  EXPECT_EQ(report().daily_limit, 100U);
  given_many(1);
  EXPECT_EQ(report().spent_today, 1U);
  EXPECT_FALSE(report().is_day_spent);
  EXPECT_EQ(report().until_next_day, kUntilMidnight);
}

TEST_F(Budget, NoPollBeforeItsRequestIsReserved) {
  disk_answers = false;
  given_new("h1");
  EXPECT_FALSE(polls("h1"));
  ASSERT_EQ(reservations.size(), 1U);
  advance(1h);
  EXPECT_FALSE(polls("h1")) << "however long the disk takes";
  EXPECT_EQ(reservations.size(), 1U);
  disk_reserves(reservations.front());
  EXPECT_TRUE(polls("h1"));
}

TEST_F(Budget, NothingIsReservedWhileNothingIsPending) {
  advance(48h);
  step(Woke{});
  EXPECT_TRUE(reservations.empty());
}

TEST_F(Budget, RequestsReservedByTheLastProcessCountAsSpent) {
  step(Recalled{{account_day_of(now().wall), 98}});
  given_many(5);
  answer_all_for(1h);
  EXPECT_EQ(polls_started, 2U);
}

TEST_F(Budget, RequestsReservedYesterdayDoNotCountToday) {
  step(Recalled{{account_day_of(now().wall) - 1, 100}});
  given_many(5);
  answer_all_for(1h);
  EXPECT_EQ(polls_started, 100U);
}

TEST_F(Budget, AStopReturnsUnspentReservations) {
  settings.daily_requests = 100'000;
  given_new("h1");
  ASSERT_EQ(reservations.size(), 1U);
  ASSERT_GT(reservations.back().requests, 1U);
  step(Stop{});
  const DayRequests unspent{account_day_of(now().wall), reservations.back().requests - 1};
  ASSERT_EQ(given_back.size(), 1U);
  EXPECT_EQ(given_back.back(), unspent);
}

TEST_F(Budget, AReservationGrantedAfterTheStopIsReturnedToo) {
  disk_answers = false;
  given_new("h1");
  ASSERT_EQ(reservations.size(), 1U);
  step(Stop{});
  EXPECT_TRUE(given_back.empty());
  EXPECT_FALSE(engine().is_quiet()) << "the grant is still to come";
  step(DiskFull{});
  EXPECT_TRUE(engine().is_quiet()) << "but not on a full disk";
  step(DiskHasRoom{});
  disk_reserves(reservations.front());
  EXPECT_EQ(given_back, reservations);
  EXPECT_TRUE(engine().is_quiet());
}

TEST_F(Budget, AStopWritesNothingWithoutALimit) {
  settings.daily_requests = 0;
  given_new("h1");
  step(Stop{});
  EXPECT_TRUE(reservations.empty());
  EXPECT_TRUE(given_back.empty());
}

TEST_F(Budget, ASmallerGrantEndsTheDayWhenItIsSpent) {
  settings.daily_requests = 10'000;
  disk_answers = false;
  given_many(5);
  ASSERT_EQ(reservations.size(), 1U);
  step(Reserved{{reservations.front().day, reservations.front().requests, 3}});
  answer_all_for(1h);
  EXPECT_EQ(polls_started, 3U);
  EXPECT_EQ(said(Event::budget_spent), 1U);
  EXPECT_EQ(reservations.size(), 1U) << "asking again brings no more";
}

TEST_F(Budget, ARequestIsKeptForEachDeadlineOfTheDay) {
  settings.expiry_grace = 0s;
  given_many(10, 2h);
  given_new("tomorrow");
  answer_all_for(2h - 5s);
  EXPECT_EQ(polls_started, 90U);
  EXPECT_EQ(report().kept_today, 10U);
  EXPECT_EQ(said(Event::budget_spent), 1U);
  answer_all_for(10s);
  EXPECT_EQ(polls_started, 100U);
  EXPECT_EQ(settles.size(), 10U) << "each had its last poll, on its deadline";
  for (const auto& settle : settles) EXPECT_LT(settle.finish.finished_at - now().wall, Duration(0));
}

TEST_F(Budget, AnEndedHandshakeNeedsNoLastPoll) {
  settings.expiry_grace = 0s;
  given_many(10, 2h);
  for (int i = 0; i < 6; ++i) {
    delay_until_poll(fmt::format("h{}", i));
    attestr_says_completed(fmt::format("h{}", i));
    if (i < 3) step(Settled{id(fmt::format("h{}", i))});
  }
  answer_all_for(1h);
  EXPECT_EQ(polls_started, 96U);
}

TEST_F(Budget, ALastPollWaitsForTheNextDayWhenAllIsUsedUp) {
  settings.expiry_grace = 0s;
  settings.daily_requests = 4;
  given_many(10, 2h);
  answer_all_for(kUntilMidnight - 1s);
  EXPECT_EQ(polls_started, 4U);
  EXPECT_EQ(settles.size(), 2U) << "half of them is for last polls";
  EXPECT_EQ(engine().next_wake(), now().mono + 1s) << "and nothing wakes us before";
  answer_all_for(2s);
  EXPECT_EQ(polls_started, 8U);
  EXPECT_EQ(settles.size(), 6U);
}

TEST_F(Budget, ALastPollInLastingTroubleWaitsForTheNextDayToo) {
  settings.expiry_grace = 0s;
  settings.daily_requests = 40;
  given_new("bad", 1h);
  given_many(3);
  for (int i = 0; i < 3700; ++i) {
    if (polls("bad")) attestr_says("bad", 500, "");
    attestr_says_all_pending();
    advance(1s);
  }
  EXPECT_TRUE(report().is_day_spent);
  ASSERT_TRUE(engine().next_wake());
  EXPECT_GT(*engine().next_wake(), now().mono);
}

TEST_F(Budget, AHigherLimitHoldsAtOnce) {
  given_many(5);
  answer_all_for(1h);
  settings.daily_requests = 150;
  step(Reconfigured{settings});
  EXPECT_EQ(said(Event::budget_renewed), 1U);
  answer_all_for(limits::kNextDayLook);
  EXPECT_EQ(polls_started, 150U);
  settings.daily_requests = 0;
  step(Reconfigured{settings});
  EXPECT_GT(polls_in_flight(), 0U) << "those that waited for the next day are asked at once";
  answer_all_for(limits::kNextDayLook);
  EXPECT_GT(polls_started, 200U);
}

TEST_F(Budget, AJumpOfTheWallClockDoesNotStopPolling) {
  given_many(5);
  answer_all_for(1h);
  wall_clock_jumps(365 * 24h);
  answer_all_for(limits::kNextDayLook);
  EXPECT_GT(polls_started, 105U);
  wall_clock_jumps(-365 * 24h);
  answer_all_for(1h);
  EXPECT_LE(polls_started, 200U);
  answer_all_for(2h);
  EXPECT_GT(polls_started, 200U) << "the day after the one that it is";
}

TEST_F(Budget, ALostHandshakeIsNotDeferredToTheNextDay) {
  settings.connections = 1;
  settings.daily_requests = 1;
  given_many(3);
  ASSERT_TRUE(polls("h0"));
  step(Lost{id("h1")});
  attestr_says_pending("h0");
  EXPECT_EQ(report().pending, 2U);
  EXPECT_EQ(said(Event::budget_spent), 1U);
}

TEST_F(Budget, ANewHandshakeWithoutARequestIsPolledTheNextDay) {
  settings.daily_requests = 1;
  given_many(2);
  attestr_says_pending("h0");
  EXPECT_EQ(polls_started, 1U);
  delay_until_poll("h1");
  EXPECT_LE(kUntilMidnight, now().wall - Wall(Duration(1'764'000'000'000'000)));
}

TEST_F(Budget, ACanaryNeedsARequestToo) {
  settings.daily_requests = 2;
  given_new("h1");
  attestr_says_code("h1", 401, 4016);
  delay_until_poll("h1");
  attestr_says_code("h1", 401, 4016);
  advance(kUntilMidnight - 1min);
  EXPECT_EQ(polls_started, 2U);
  EXPECT_LE(delay_until_poll("h1"), 1min + limits::kNextDayLook);
}

class BudgetAfterARestart : public Budget, public testing::WithParamInterface<double> {};

TEST_P(BudgetAfterARestart, TheFirstPollsAreSpreadOverTheDay) {
  settings.requests_per_second = GetParam();
  settings.daily_requests = 10'000;
  settings.max_interval = 24h;
  step(Recovering{2000});
  for (int i = 0; i < 2000; ++i) given_queued(fmt::format("h{}", i), 10h);
  answer_all_for(10min);
  EXPECT_LT(polls_started, 1000U);
}

INSTANTIATE_TEST_SUITE_P(WithOrWithoutARate, BudgetAfterARestart, testing::Values(20, 0));

/// A fixture with the adaptive cadence, whose gaps depend on the price of a poll.
class AdaptiveBudget : public Budget {
 protected:
  void SetUp() override {
    Budget::SetUp();
    settings.cadence = CadenceKind::adaptive;
    settings.max_interval = 30min;
  }

  /// Returns the number of polls in each hour of a day during which `submitted` handshakes are
  /// submitted.
  std::vector<std::size_t> polls_by_hour(int submitted) {
    advance(kUntilMidnight);
    std::vector<std::size_t> polls;
    int next = 0;
    for (int minute = 1; minute <= 24 * 60; ++minute) {
      while (next * 24 * 60 < submitted * minute) given_new(fmt::format("h{}", next++));
      const std::size_t before = polls_started;
      answer_all_for(1min);
      if (minute % 60 == 1) polls.push_back(0);
      polls.back() += polls_started - before;
    }
    return polls;
  }
};

TEST_F(AdaptiveBudget, SpreadsTheRequestsOverTheDay) {
  settings.daily_requests = 2000;
  const auto polls = polls_by_hour(200);
  EXPECT_LE(polls_started, 2000U);
  EXPECT_GE(polls_started, 1500U) << "they are there to be used";
  EXPECT_EQ(said(Event::budget_spent), 0U);
  for (std::size_t hour = 6; hour < 24; ++hour) EXPECT_GT(polls[hour], 2000U / 24 / 3) << hour;
}

TEST_F(AdaptiveBudget, MaxIntervalIsExceededWhereItWouldExhaustTheLimit) {
  settings.daily_requests = 500;
  const auto polls = polls_by_hour(200);
  EXPECT_LE(polls_started, 500U);
  EXPECT_EQ(said(Event::budget_spent), 0U);
  for (std::size_t hour = 12; hour < 24; ++hour) EXPECT_GT(polls[hour], 4U) << hour;
}

TEST_F(AdaptiveBudget, WithoutALimitMaxIntervalHolds) {
  settings.daily_requests = 0;
  polls_by_hour(20);
  EXPECT_GT(polls_started, 20U * 24);
}

}  // namespace
}  // namespace attestrd::dialogue
