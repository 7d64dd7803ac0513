#include "base/limits.h"
#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

class Commands : public Dialogue {
 protected:
  Kicked kick(std::string_view text) {
    const auto answer = ask(KickCommand{{id(text)}});
    return std::get<std::vector<Kicked>>(answer).at(0);
  }
};

TEST_F(Commands, ExplainReturnsTheExplanationOfTheEngine) {
  given_new("h1");
  const auto answer = std::get<std::optional<Explanation>>(ask(ExplainCommand{id("h1")}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->wait, Explanation::Wait::answer);
  EXPECT_FALSE(std::get<std::optional<Explanation>>(ask(ExplainCommand{id("never-seen")})));
}

TEST_F(Commands, ReportIncludesTheOldestHandshake) {
  given_queued("h1", 3h);
  given_new("h2");
  const auto report = std::get<EngineReport>(ask(ReportCommand{}));
  EXPECT_EQ(report.pending, 2U);
  EXPECT_GE(report.oldest_age, 3h);
  EXPECT_LE(report.oldest_age, 3h + 1s);
  EXPECT_FALSE(report.next_poll) << "both polls are in flight";
  attestr_says_pending("h2");
  EXPECT_EQ(std::get<EngineReport>(ask(ReportCommand{})).next_poll,
            engine().explain(id("h2"), now())->due);
}

TEST_F(Commands, AKickedHandshakeIsPolledAtOnceWhateverItWaitsFor) {
  settings.min_interval = 1min;
  given_new("waits");
  given_new("failed");
  attestr_says_pending("waits");
  poll_fails("failed", TransportFailure::Kind::reset);
  EXPECT_EQ(kick("waits"), Kicked::due_now);
  EXPECT_TRUE(polls("waits"));
  EXPECT_EQ(kick("failed"), Kicked::due_now);
  EXPECT_TRUE(polls("failed"));
  attestr_says_pending("waits");
  EXPECT_GE(delay_until_poll("waits"), 1min) << "its cadence goes on as before";
}

TEST_F(Commands, AKickReturnsTheStateThatItFound) {
  settings.connections = 1;
  given_new("polling");
  EXPECT_EQ(kick("polling"), Kicked::in_flight);
  given_new("ready");
  EXPECT_EQ(kick("ready"), Kicked::due_already);
  attestr_says_completed("polling");
  EXPECT_EQ(kick("polling"), Kicked::ending);
  step(Settled{id("polling")});
  EXPECT_EQ(kick("polling"), Kicked::not_pending);
  step(Lost{id("ready")});
  EXPECT_EQ(kick("ready"), Kicked::not_pending) << "its poll is under way, but another node has it";
}

TEST_F(Commands, OneKickReturnsAResultForEachId) {
  given_new("h1");
  attestr_says_pending("h1");
  const auto answer = ask(KickCommand{{id("h1"), id("h1"), id("never-seen")}});
  EXPECT_EQ(std::get<std::vector<Kicked>>(answer),
            (std::vector{Kicked::due_now, Kicked::due_already, Kicked::not_pending}));
  EXPECT_EQ(polls_started, 2U);
}

TEST_F(Commands, AKickedHandshakeWaitsForTheRateAndTheAccountAsOthersDo) {
  settings.requests_per_second = 1;
  given_new("h1");
  attestr_says_pending("h1");
  EXPECT_EQ(kick("h1"), Kicked::due_now);
  EXPECT_FALSE(polls("h1"));
  EXPECT_GT(delay_until_poll("h1"), 1s);
  advance(limits::kFailureRun);
  poll_fails("h1", TransportFailure::Kind::certificate, 0);
  EXPECT_EQ(kick("h1"), Kicked::due_already);
  EXPECT_EQ(delay_until_poll("h1"), limits::kCanaryFirst);
}

TEST_F(Commands, AKickOfTheAccountLetsTheCanaryAskAtOnce) {
  const auto kick_account = [this] { return std::get<AccountKicked>(ask(KickAccountCommand{})); };
  given_new("h1");
  given_new("h2");
  EXPECT_EQ(kick_account(), AccountKicked::not_paused);
  account_pauses(403, 4039);
  ASSERT_EQ(polls_in_flight(), 0U);
  EXPECT_EQ(kick_account(), AccountKicked::due_now);
  EXPECT_EQ(polls_in_flight(), 1U);
  EXPECT_EQ(kick_account(), AccountKicked::in_flight);
  attestr_says_pending(polled());
  EXPECT_EQ(kick_account(), AccountKicked::not_paused);
}

TEST_F(Commands, AKickOfTheAccountWaitsForRetryAfter) {
  given_new("h1");
  given_new("h2");
  account_pauses(403, 4039);
  advance(limits::kCanaryFirst);
  attestr_says_code(polled(), 403, 4039, "60");
  const auto answer = ask(KickAccountCommand{});
  EXPECT_EQ(std::get<AccountKicked>(answer), AccountKicked::held);
  EXPECT_EQ(polls_in_flight(), 0U);
  EXPECT_EQ(delay_until_any_poll(), 60s);
}

TEST_F(Commands, AHandshakeKickedBeforeItsDeadlineMayHaveItsLastPollAfterIt) {
  settings.expiry_grace = 0s;
  settings.min_interval = 20s;
  given_new("h1", 30s);
  attestr_says_pending("h1");
  step(DiskFull{});
  EXPECT_EQ(kick("h1"), Kicked::due_now);
  advance(30s);
  step(DiskHasRoom{});
  ASSERT_TRUE(polls("h1"));
  attestr_says_pending("h1");
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
}

}  // namespace
}  // namespace attestrd::dialogue
