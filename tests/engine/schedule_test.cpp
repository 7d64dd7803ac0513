#include "base/limits.h"
#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

using Schedule = Dialogue;

std::string name(int i) { return fmt::format("h{}", i); }

TEST_F(Schedule, ANewHandshakeIsPolledAtOnceAndThenExponentially) {
  given_new("h1");
  EXPECT_TRUE(polls("h1"));
  double expected_s = 2;
  for (int i = 0; i < 10; ++i) {
    attestr_says_pending("h1");
    const double delay_s = static_cast<double>(delay_until_poll("h1").count()) / 1e6;
    EXPECT_NEAR(delay_s, expected_s, expected_s * 0.25);
    expected_s *= 1.6;
  }
}

TEST_F(Schedule, NoWaitIsShorterThanMinNorLongerThanMaxInterval) {
  settings.max_interval = 1min;
  given_new("h1");
  for (int i = 0; i < 100; ++i) {
    attestr_says_pending("h1");
    const Duration delay = delay_until_poll("h1");
    EXPECT_GE(delay, settings.min_interval);
    EXPECT_LE(delay, settings.max_interval + 1ms);
  }
}

TEST_F(Schedule, NoSecondHoldsMoreRequestsThanTheRate) {
  settings.requests_per_second = 20;
  settings.connections = 64;
  for (int i = 0; i < 500; ++i) given_new(name(i));
  while (poll_times.size() < 300) {
    attestr_says_all_pending();
    advance(1ms);
  }
  for (std::size_t i = 20; i < poll_times.size(); ++i) {
    ASSERT_GT(poll_times[i] - poll_times[i - 20], Duration(1s));
  }
  EXPECT_LT(poll_times[200] - poll_times[100], Duration(5200ms)) << "and the rate is used";
}

TEST_F(Schedule, ConcurrencyStartsAtTwoAndGrowsWithEachGoodAnswer) {
  settings.connections = 5;
  for (int i = 0; i < 20; ++i) given_new(name(i));
  EXPECT_EQ(polls_in_flight(), 2U);
  attestr_says_pending("h0");
  EXPECT_EQ(polls_in_flight(), 3U);
  attestr_says_pending("h1");
  attestr_says_pending("h2");
  attestr_says_pending("h3");
  attestr_says_pending("h4");
  EXPECT_EQ(polls_in_flight(), 5U) << "never above `connections`";
}

TEST_F(Schedule, AfterARestartOverdueHandshakesSpreadOverTheRateWithNewPhases) {
  settings.requests_per_second = 100;
  step(Recovering{1000});
  for (int i = 0; i < 1000; ++i) given_queued(name(i), 3h);
  EXPECT_LE(polls_in_flight(), 2U);
  std::size_t answered = 0;
  while (now().mono < Mono(1000h) + 11s) {
    advance(5ms);
    answered += polls_in_flight();
    attestr_says_all_pending();
  }
  EXPECT_GT(answered, 950U) << "all of them within about their number over the rate";
  for (std::size_t i = 100; i < poll_times.size(); ++i) {
    ASSERT_GT(poll_times[i] - poll_times[i - 100], Duration(1s));
  }
}

TEST_F(Schedule, NewHandshakesAreNotStarvedByTheOverdue) {
  settings.requests_per_second = 10;
  for (int i = 0; i < 1000; ++i) given_queued(name(i), 3h);
  advance(1s);
  attestr_says_all_pending();
  given_new("fresh");
  EXPECT_LE(delay_until_poll("fresh", 5s), 300ms);
}

TEST_F(Schedule, NewHandshakesAreNotStarvedByLastPolls) {
  settings.requests_per_second = 10;
  for (int i = 0; i < 1000; ++i) given_queued(name(i), 26h);
  advance(1s);
  attestr_says_all_pending();
  given_new("fresh");
  EXPECT_LE(delay_until_poll("fresh", 5s), 300ms);
}

TEST_F(Schedule, LastPollsGoSoonWhateverElseIsDue) {
  settings.requests_per_second = 10;
  settings.expiry_grace = 0s;
  given_new("dying", 30s);
  attestr_says_pending("dying");
  advance(25s);
  if (polls("dying")) attestr_says_pending("dying");
  for (int i = 0; i < 1000; ++i) given_new(name(i));
  const Mono deadline = Mono(1000h) + 30s;
  while (!polls("dying") && now().mono < deadline + 10s) {
    attestr_says_all_pending();
    advance(10ms);
  }
  EXPECT_LE(now().mono - deadline, 300ms);
}

TEST_F(Schedule, AFullDiskStopsPollingUntilItHasSpace) {
  step(DiskFull{});
  given_new("h1");
  advance(24h);
  EXPECT_FALSE(polls("h1"));
  step(DiskHasRoom{});
  EXPECT_TRUE(polls("h1"));
}

TEST_F(Schedule, WithoutALeaseNothingIsPolled) {
  step(LeaseEnded{});
  given_new("h1");
  advance(24h);
  EXPECT_FALSE(polls("h1"));
  EXPECT_TRUE(engine().report(now()).is_queue_unavailable);
  step(LeaseHolds{});
  EXPECT_TRUE(polls("h1"));
}

TEST_F(Schedule, TheShareOfAFleetBoundsTheRate) {
  step(ShareChanged{0});
  given_new("h1");
  advance(24h);
  EXPECT_FALSE(polls("h1"));
  step(ShareChanged{0.5});
  EXPECT_TRUE(polls("h1"));
  EXPECT_EQ(engine().report(now()).rate, 0.5);
  given_new("h2");
  EXPECT_FALSE(polls("h2"));
  advance(2100ms);
  EXPECT_TRUE(polls("h2"));
  step(ShareChanged{});
  EXPECT_EQ(engine().report(now()).rate, engine().report(now()).configured_rate);
}

TEST_F(Schedule, AnUnavailableQueueStopsPollingWithAndWithoutAFullDisk) {
  step(QueueUnavailable{});
  given_new("h1");
  advance(24h);
  EXPECT_FALSE(polls("h1"));
  EXPECT_TRUE(engine().report(now()).is_queue_unavailable);
  step(DiskFull{});
  step(QueueAvailable{});
  EXPECT_FALSE(polls("h1")) << "the disk is full still";
  step(QueueUnavailable{});
  step(DiskHasRoom{});
  EXPECT_FALSE(polls("h1")) << "the queue is away still";
  step(QueueAvailable{});
  EXPECT_TRUE(polls("h1"));
}

TEST_F(Schedule, PollingWaitsOnlyWhenTheBacklogOfTheDiskReachesItsBound) {
  settings.connections = 4000;
  const int more = static_cast<int>(limits::kUnsettledRecords) + 1000;
  for (int i = 0; i < more; ++i) given_new(name(i));
  for (int i = 0; i < more; ++i) {
    if (polls(name(i))) attestr_says_completed(name(i));
  }
  EXPECT_EQ(settles.size(), limits::kUnsettledRecords);
  EXPECT_EQ(polls_in_flight(), 0U);
  step(Settled{settles[0].finish.id});
  EXPECT_EQ(polls_in_flight(), 1U);
}

TEST_F(Schedule, AfterStopNothingIsPolledAndProgressIsSaved) {
  given_new("h1");
  given_new("h2");
  attestr_says_pending("h1");
  const Wall seen = now().wall;
  step(Stop{});
  advance(24h);
  EXPECT_EQ(polls_started, 2U);
  ASSERT_EQ(saves.size(), 2U);
  EXPECT_EQ(saves[0].progress.last_pending_at, seen);
  EXPECT_FALSE(engine().is_quiet());
  attestr_says_completed("h2");
  EXPECT_TRUE(ended("h2", Outcome::completed)) << "what was in flight is still taken";
  step(Settled{id("h2")});
  EXPECT_TRUE(engine().is_quiet());
}

TEST_F(Schedule, ALostHandshakeIsRemovedInEveryState) {
  settings.connections = 1;
  given_new("polling");
  given_new("ready");
  step(Lost{id("polling")});
  step(Lost{id("ready")});
  step(Lost{id("never-seen")});
  attestr_says_completed("polling");
  given_new("waiting");
  attestr_says_pending("waiting");
  step(Lost{id("waiting")});
  advance(24h);
  EXPECT_EQ(settles.size(), 0U);
  EXPECT_EQ(polls_started, 2U);
  EXPECT_TRUE(engine().is_empty());
}

TEST_F(Schedule, ALostCanaryDoesNotLeaveTheAccountPausedForEver) {
  given_new("h1");
  attestr_says_code("h1", 401, 4016);
  delay_until_poll("h1");
  given_new("h2");
  step(Lost{id("h1")});
  attestr_says_pending("h1");
  EXPECT_TRUE(polls("h2")) << "the next canary";
}

TEST_F(Schedule, AMergedHandshakeKeepsTheLaterDeadlineAndIsPolledOnce) {
  settings.expiry_grace = 0s;
  given_new("h1", 10s);
  given_new("h1", 1h);
  EXPECT_EQ(polls_started, 1U);
  attestr_says_pending("h1");
  while (now().mono < Mono(1000h) + 20min) {
    delay_until_poll("h1");
    attestr_says_pending("h1");
  }
  EXPECT_EQ(settles.size(), 0U);
}

TEST_F(Schedule, ALaterSubmissionNeverShortensTheLifeOfAPendingHandshake) {
  settings.expiry_grace = 0s;
  given_new("h1", 2h);
  given_new("h1", -1h);
  attestr_says_pending("h1");
  delay_until_poll("h1");
  attestr_says_pending("h1");
  EXPECT_TRUE(settles.empty());
}

TEST_F(Schedule, NewIntervalsHoldForAHandshakeThatWaits) {
  given_queued("h1", 10h);
  delay_until_poll("h1");
  attestr_says_pending("h1");
  advance(5min);
  settings.max_interval = 6min;
  step(Reconfigured{settings});
  EXPECT_LE(delay_until_poll("h1"), 1min + 1s);
  attestr_says_pending("h1");
  settings.min_interval = settings.max_interval = 10min;
  step(Reconfigured{settings});
  EXPECT_GE(delay_until_poll("h1"), 10min);
  attestr_says_pending("h1");
  advance(5min);
  settings.min_interval = settings.max_interval = 1min;
  step(Reconfigured{settings});
  EXPECT_TRUE(polls("h1")) << "its new interval is over already";
}

TEST_F(Schedule, ANewDeadlineHoldsForAHandshakeThatWaits) {
  settings.expiry_grace = 1h;
  given_new("h1");
  given_new("with-expiry", 30min);
  attestr_says_all_pending();
  advance(10min);
  attestr_says_all_pending();
  settings.give_up_after = 15min;
  settings.expiry_grace = 1min;
  step(Reconfigured{settings});
  for (int i = 0; i < 12 * 60 && !settled("h1"); ++i) {
    attestr_says_all_pending();
    advance(1s);
  }
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
  EXPECT_LE(now().mono - Mono(1000h), 15min + 2s);
  EXPECT_FALSE(settled("with-expiry"));
  for (int i = 0; i < 30 * 60 && !settled("with-expiry"); ++i) {
    attestr_says_all_pending();
    advance(1s);
  }
  EXPECT_TRUE(ended("with-expiry", Outcome::failed, Reason::expired));
  EXPECT_LE(now().mono - Mono(1000h), 31min + 2s);
  step(Settled{id("h1")});
  given_new("h2");
  given_new("h3");
  attestr_says_all_pending();
  advance(10min);
  settings.give_up_after = 2h;
  step(Reconfigured{settings});
  for (int i = 0; i < 60 * 60; ++i) {
    attestr_says_all_pending();
    advance(1s);
  }
  EXPECT_FALSE(settled("h2"));
}

TEST_F(Schedule, NewSettingsMoveNeitherABackoffNorTheEndOfAGraceThatIsNearer) {
  given_new("h1");
  attestr_says_code("h1", 503, 0, "100");
  advance(1s);
  settings.max_interval = settings.min_interval;
  step(Reconfigured{settings});
  EXPECT_EQ(delay_until_poll("h1"), 99s);
  attestr_says_completed("h1");
  settings.max_interval = 30min;
  settings.unknown_grace = 20min;
  step(Reconfigured{settings});
  given_new("unknown");
  for (const Mono end = now().mono + 6min; now().mono < end;) {
    attestr_says_code("unknown", 404, 4002);
    delay_until_poll("unknown");
  }
  attestr_says_code("unknown", 404, 4002);
  settings.unknown_grace = 1min;
  step(Reconfigured{settings});
  EXPECT_TRUE(polls("unknown")) << "its grace is over";
}

TEST_F(Schedule, NewSettingsHoldForMoreHandshakesThanOneStepPlans) {
  constexpr std::uint32_t kMany = 2 * limits::kReplannedPerStep + 10;
  settings.connections = 4096;
  settings.min_interval = 1s;
  for (std::uint32_t i = 0; i < kMany; ++i) given_queued(fmt::format("h{}", i), 10h);
  for (std::uint32_t i = 0; i < 100 && polls_started < kMany; ++i) {
    advance(1min);
    attestr_says_all_pending();
  }
  ASSERT_EQ(polls_in_flight(), 0U);
  settings.max_interval = 2s;
  step(Reconfigured{settings});
  const auto before = polls_started;
  for (int i = 0; i < 3; ++i) {
    advance(1s);
    attestr_says_all_pending();
  }
  EXPECT_GE(polls_started - before, kMany);
}

TEST_F(Schedule, RetryAfterIsObeyedForAServerError) {
  given_new("h1");
  attestr_says_code("h1", 503, 0, "100");
  EXPECT_GE(delay_until_poll("h1"), 100s);
}

TEST_F(Schedule, ASubmissionTimeInTheFutureDoesNotPreventExpiry) {
  settings.give_up_after = 1h;
  given_queued("h1", -365 * 24h);
  while (!settled("h1") && delay_until_poll("h1", 2h) <= 2h && polls("h1"))
    attestr_says_pending("h1");
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
}

}  // namespace
}  // namespace attestrd::dialogue
