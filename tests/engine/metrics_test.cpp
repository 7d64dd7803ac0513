// The counters and gauges that the engine keeps for the metrics.

#include <numeric>

#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

class EngineMetrics : public Dialogue {
 protected:
  EngineReport report() { return engine().report(now()); }
  double polls(std::string_view answer) { return report().counters.value(Metric::polls, answer); }
};

TEST_F(EngineMetrics, EachPollIsCountedOnceByItsAnswer) {
  given_new("h1");
  EXPECT_EQ(report().counters.total(Metric::polls), 0) << "its poll is in flight";
  attestr_says_pending("h1");
  delay_until_poll("h1");
  poll_fails("h1", TransportFailure::Kind::reset);
  delay_until_poll("h1");
  attestr_says_code("h1", 500, 5000);
  delay_until_poll("h1");
  attestr_says_completed("h1");
  for (const auto* const answer : {"pending", "transport", "server_error", "completed"})
    EXPECT_EQ(polls(answer), 1) << answer;
  EXPECT_EQ(report().counters.total(Metric::polls), 4);
}

TEST_F(EngineMetrics, ALargeAnswerIsCountedOnceItIsVerified) {
  settings.verified_at_once_bytes = 10;
  given_new("h1");
  attestr_says_completed("h1");
  EXPECT_EQ(report().counters.total(Metric::polls), 0);
  verified();
  EXPECT_EQ(polls("completed"), 1);
  EXPECT_EQ(report().counters.total(Metric::polls), 1);
}

TEST_F(EngineMetrics, TheDelayOfAResultIsBoundedByTheLastAnswerWithoutIt) {
  given_new("h1");
  attestr_says_pending("h1");
  const Duration delay = delay_until_poll("h1");
  attestr_says_completed("h1");
  const auto delays = report().counters.histogram(Metric::detection_delay);
  EXPECT_DOUBLE_EQ(delays.sum, std::chrono::duration<double>(delay).count());
  EXPECT_EQ(std::accumulate(delays.counts.begin(), delays.counts.end(), 0.0), 1);
}

TEST_F(EngineMetrics, TheDelayOfAResultThatTheFirstPollFindsIsItsAge) {
  given_queued("h1", 90s);
  delay_until_poll("h1");
  const Duration waited = now().wall - Wall(Duration(1'764'000'000'000'000));
  attestr_says_completed("h1");
  EXPECT_DOUBLE_EQ(report().counters.histogram(Metric::detection_delay).sum,
                   std::chrono::duration<double>(waited + 90s).count());
}

TEST_F(EngineMetrics, OnlyAResultHasADelay) {
  given_new("h1", 1s);
  attestr_says_pending("h1");
  settings.unknown_grace = 0s;
  while (!settled("h1")) {
    delay_until_poll("h1");
    attestr_says_pending("h1");
  }
  EXPECT_EQ(report().counters.histogram(Metric::detection_delay).sum, 0);
}

TEST_F(EngineMetrics, TheAgeOfTheOldestFollowsWithoutAWalk) {
  EXPECT_FALSE(report().oldest_age);
  given_queued("older", 3h);
  given_new("newer");
  EXPECT_GE(report().oldest_age, Duration(3h));
  EXPECT_LE(report().oldest_age, Duration(3h + 1s));
  attestr_says_pending("newer");
  delay_until_poll("older");
  attestr_says_completed("older");
  ASSERT_TRUE(settled("older"));
  EXPECT_LE(report().oldest_age, Duration(1min)) << "one that has ended is not pending";
  step(Settled{id("older")});
  step(Lost{id("newer")});
  if (polls_in_flight() > 0) attestr_says_pending("newer");
  EXPECT_FALSE(report().oldest_age);
}

TEST_F(EngineMetrics, TheLagIsTheTimeForWhichADueHandshakeWasNotPolled) {
  settings.connections = 1;
  given_new("h1");
  EXPECT_EQ(report().due_lag, 0s) << "it is polled at once";
  given_new("h2");
  advance(5s);
  EXPECT_EQ(report().due_lag, 5s);
  attestr_says_pending("h1");
  EXPECT_EQ(report().due_lag, 0s);
}

TEST_F(EngineMetrics, APauseMakesTheLagGrow) {
  step(PauseChanged{{now().wall}});
  given_new("h1");
  advance(1h);
  EXPECT_EQ(report().due_lag, 1h);
  step(PauseChanged{{}});
  EXPECT_EQ(report().due_lag, 0s);
}

}  // namespace
}  // namespace attestrd::dialogue
