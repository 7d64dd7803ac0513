#include "base/limits.h"
#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

using States = Dialogue;

TEST_F(States, ASubmissionOfASettlingHandshakeChangesNothing) {
  given_new("h1");
  attestr_says_completed("h1");
  given_new("h1", 1h);
  EXPECT_EQ(polls_started, 1U);
  step(Settled{id("h1")});
  EXPECT_TRUE(engine().is_empty());
}

TEST_F(States, ALostSettlingHandshakeStaysUntilTheLedgerReportsIt) {
  given_new("h1");
  attestr_says_completed("h1");
  step(Lost{id("h1")});
  EXPECT_FALSE(engine().is_empty());
  EXPECT_FALSE(engine().is_quiet()) << "the ledger has still to say that it is settled";
  step(Settled{id("h1")});
  EXPECT_TRUE(engine().is_empty());
  EXPECT_TRUE(engine().is_quiet());
}

TEST_F(States, AStopSavesPendingHandshakesOnly) {
  settings.connections = 4;
  for (const auto* const text : {"settled", "settling", "pending"}) given_new(text);
  attestr_says_completed("settled");
  attestr_says_completed("settling");
  attestr_says_pending("pending");
  step(DiskFull{});
  given_queued("not-polled-yet");
  step(Settled{id("settled")});
  step(Stop{});
  ASSERT_EQ(saves.size(), 1U);
  EXPECT_EQ(saves[0].progress.id, id("pending"));
  step(Stop{});
  EXPECT_EQ(saves.size(), 1U) << "a second Stop changes nothing";
}

TEST_F(States, AReportCountsPendingHandshakesOnly) {
  const auto empty = engine().report(now());
  EXPECT_EQ(empty.pending, 0U);
  EXPECT_FALSE(engine().report(now()).oldest_age);
  EXPECT_FALSE(engine().report(now()).next_poll);

  given_queued("settled", 3h);
  advance(1h);
  attestr_says_completed("settled");
  given_new("settling");
  step(Settled{id("settled")});
  attestr_says_completed("settling");
  const auto settling = engine().report(now());
  EXPECT_EQ(settling.pending, 0U);
  EXPECT_EQ(settling.settling, 1U);
  EXPECT_FALSE(engine().report(now()).oldest_age) << "those that have ended are not waited for";

  given_new("pending");
  EXPECT_LE(engine().report(now()).oldest_age, 1s);
  EXPECT_FALSE(engine().report(now()).next_poll) << "its poll is in flight";
  attestr_says_pending("pending");
  EXPECT_GT(engine().report(now()).next_poll, Duration(0));
  step(DiskFull{});
  given_new("ready");
  EXPECT_FALSE(engine().report(now()).next_poll) << "nobody knows when there is space again";
}

TEST_F(States, PollingWaitsWhenTheBytesOfTheBacklogReachTheirBound) {
  settings.connections = 4;
  settings.signature_attempts = 1;
  settings.witness_time = settings.unknown_grace = 0s;
  settings.verified_at_once_bytes = limits::kUnsettledBytes;
  const std::string filler(limits::kUnsettledBytes / 2, ' ');
  for (const auto* const text : {"h1", "h2"}) {
    given_new(text);
    attestr_says(text, 200,
                 fmt::format(R"({{"_id":"{}","consumed":true,"archived":1{}}})", text, filler));
    EXPECT_TRUE(ended(text, Outcome::archived));
  }
  given_new("h3");
  advance(1h);
  EXPECT_FALSE(polls("h3"));
  EXPECT_TRUE(engine().report(now()).is_backlog_full);
  EXPECT_FALSE(engine().report(now()).next_poll);
  step(Settled{id("h1")});
  EXPECT_TRUE(polls("h3"));
}

TEST_F(States, WithoutARateTheOverdueSpreadOverAThousandASecond) {
  step(Recovering{2000});
  for (int i = 0; i < 2000; ++i) given_queued(fmt::format("h{}", i), 3h);
  EXPECT_LE(polls_in_flight(), 2U);
  advance(1s);
  const auto due = engine().report(now()).next_poll;
  EXPECT_TRUE(due && *due <= 1s);
  while (now().mono < Mono(1000h) + 2s) {
    attestr_says_all_pending();
    advance(10ms);
  }
  attestr_says_all_pending();
  EXPECT_GE(polls_started, 2000U);
}

TEST_F(States, AnAnswerDuringAPauseIsAcceptedButDoesNotResumeTheAccount) {
  for (const auto* const text : {"h1", "h2", "h3"}) given_new(text);
  EXPECT_EQ(polls_in_flight(), 2U);
  poll_fails("h1", TransportFailure::Kind::certificate, 0);
  attestr_says_pending("h2");
  EXPECT_EQ(said(Event::account_resumed), 0U);
  EXPECT_TRUE(engine().report(now()).paused_for);
  EXPECT_EQ(engine().report(now()).last_good_poll_at, now().wall);
  advance(limits::kCanaryFirst);
  EXPECT_EQ(polls_in_flight(), 1U) << "the canary alone";
}

TEST_F(States, WithLogPollsEachAnswerIsLogged) {
  settings.logs_polls = true;
  given_new("h1");
  attestr_says_pending("h1");
  EXPECT_EQ(said(Event::poll_answered), 1U);
  EXPECT_EQ(last_said(Event::poll_answered).level, Level::debug);
  EXPECT_EQ(last_said(Event::poll_answered).http_status, 200U);
  EXPECT_FALSE(last_said(Event::poll_answered).code);
  delay_until_poll("h1");
  attestr_says_code("h1", 400, 4002);
  EXPECT_EQ(last_said(Event::poll_answered).code, 4002);
}

TEST_F(States, EndlessErrorsBackOffToTheCapAndNoFurther) {
  settings.give_up_after = 400 * 24h;
  given_new("h1");
  for (int i = 0; i < 300; ++i) {
    poll_fails("h1", TransportFailure::Kind::framing);
    EXPECT_LE(delay_until_poll("h1"), limits::kErrorBackoffCap + 1ms);
  }
  poll_fails("h1", TransportFailure::Kind::framing);
  EXPECT_GE(delay_until_poll("h1"), limits::kErrorBackoffCap / 2);
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(States, ACanaryWithoutAWholeAnswerIsFollowedByTheNext) {
  given_new("h1");
  poll_fails("h1", TransportFailure::Kind::certificate, 0);
  for (int i = 0; i < 3; ++i) {
    delay_until_poll("h1");
    poll_fails("h1", TransportFailure::Kind::too_large);
    EXPECT_TRUE(engine().report(now()).paused_for);
  }
  delay_until_poll("h1");
  attestr_says_pending("h1");
  EXPECT_EQ(said(Event::account_resumed), 1U);
}

TEST_F(States, OvertimeIsGrantedOnce) {
  settings.give_up_after = 2h;
  given_new("h1", 1h);
  while (settles.empty() && now().mono < Mono(1000h) + 24h) {
    attestr_says("h1", 200, R"({"_id":"h1","consumed":true,"result":null})");
    if (settles.empty()) delay_until_poll("h1");
  }
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
  EXPECT_EQ(now().mono - Mono(1000h), 1h + settings.expiry_grace + settings.give_up_after);
}

TEST_F(States, AHandshakeExpiresWhenTheServersClockHasPassedItsDeadline) {
  settings.expiry_grace = 0s;
  given_new("h1", 1h);
  advance(1h);
  attestr_says_pending("h1");  // from before the deadline
  delay_until_poll("h1");
  attestr_says("h1", 200, R"({"_id":"h1","consumed":false})", "", "Mon, 24 Nov 2025 17:00:02 GMT");
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
}

}  // namespace
}  // namespace attestrd::dialogue
