#include <span>

#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

/// A fixture in which handshakes wait long for their next poll, except after a hint.
class Hints : public Dialogue {
 protected:
  void SetUp() override {
    Dialogue::SetUp();
    settings.min_interval = 10s;
    settings.max_interval = 30min;
  }

  Hinted hint(std::string_view text) { return std::get<Hinted>(ask(HintCommand{id(text)})); }
  /// The handshake waits after a "not yet" that is older than min_interval.
  void given_waiting(std::string_view text) {
    given_new(text);
    attestr_says_pending(text);
    advance(10s);
    if (polls(text)) attestr_says_pending(text);
    while (!polls(text)) advance(1s);
    attestr_says_pending(text);
    advance(10s);
    ASSERT_FALSE(polls(text));
  }
  /// New handshakes end, each with a hint a minute after its submission.
  void given_announced(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string text = "announced" + std::to_string(++announced_);
      given_new(text);
      for (int second = 0; second < 60; ++second) {
        advance(1s);
        attestr_says_all_pending();
      }
      hint(text);
      while (!polls(text)) advance(1s);
      attestr_says_completed(text);
      step(Settled{id(text)});
    }
  }

 private:
  int announced_ = 0;
};

TEST_F(Hints, AHintLetsAWaitingHandshakeBePolledAtOnce) {
  given_waiting("h1");
  hint("h1");
  EXPECT_TRUE(polls("h1"));
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Hints, RepeatedHintsCostNoMoreThanMinIntervalAllows) {
  given_waiting("h1");
  const auto before = polls_started;
  for (int i = 0; i < 100; ++i) {
    hint("h1");
    if (polls("h1")) attestr_says_pending("h1");
    advance(1s);
  }
  EXPECT_LE(polls_started - before, 11U);
  EXPECT_GE(polls_started - before, 9U);
}

TEST_F(Hints, AHintCostsAtMostOnePoll) {
  given_waiting("h1");
  const auto before = polls_started;
  hint("h1");
  attestr_says_pending("h1");
  advance(20s);
  EXPECT_EQ(polls_started, before + 1);
}

TEST_F(Hints, AHintDuringAPollHoldsForTheNextOne) {
  given_waiting("h1");
  delay_until_poll("h1");
  hint("h1");
  attestr_says_pending("h1");
  EXPECT_EQ(delay_until_poll("h1"), 10s) << "the result may have come after Attestr looked";
  attestr_says_pending("h1");
  EXPECT_GT(delay_until_poll("h1"), 20s);
}

TEST_F(Hints, AHintHoldsOverAReload) {
  given_waiting("h1");
  hint("h1");
  attestr_says_pending("h1");
  hint("h1");
  step(Reconfigured{settings});
  EXPECT_EQ(delay_until_poll("h1"), 10s);
}

TEST_F(Hints, AHintForAnUnknownHandshakeChangesNothing) {
  given_waiting("h1");
  const auto lines = notices.size();
  EXPECT_EQ(hint("h1"), Hinted::taken);
  attestr_says_pending("h1");
  EXPECT_EQ(hint("never-seen"), Hinted::not_pending);
  EXPECT_EQ(polls_in_flight(), 0U);
  EXPECT_EQ(notices.size(), lines);
  EXPECT_EQ(engine().report(now()).pending, 1U);
}

TEST_F(Hints, AHintForAHandshakeThatEndsChangesNothing) {
  given_new("h1");
  attestr_says_completed("h1");
  EXPECT_EQ(hint("h1"), Hinted::not_pending);
  step(Settled{id("h1")});
  EXPECT_EQ(hint("h1"), Hinted::not_pending);
  EXPECT_EQ(polls_in_flight(), 0U);
  EXPECT_TRUE(engine().is_empty());
}

TEST_F(Hints, HintsWaitForTheRate) {
  settings.requests_per_second = 1;
  for (int i = 0; i < 20; ++i) given_new("h" + std::to_string(i));
  for (int i = 0; i < 60; ++i) {
    attestr_says_all_pending();
    advance(1s);
  }
  attestr_says_all_pending();
  const auto before = polls_started;
  for (int i = 0; i < 20; ++i) hint("h" + std::to_string(i));
  for (int i = 0; i < 5; ++i) advance(1s);
  EXPECT_LE(polls_started - before, 6U);
}

TEST_F(Hints, AHintShortensNoBackoff) {
  given_new("h1");
  poll_fails("h1", TransportFailure::Kind::reset);
  delay_until_poll("h1");
  attestr_says_code("h1", 503, 5030, "600");
  hint("h1");
  EXPECT_EQ(delay_until_poll("h1"), 600s);
}

TEST_F(Hints, AHintDoesNotEndAPauseOfTheAccount) {
  given_waiting("h1");
  given_new("h2");
  account_pauses(403, 4039);
  ASSERT_EQ(polls_in_flight(), 0U);
  hint("h1");
  EXPECT_EQ(polls_in_flight(), 0U);
}

TEST_F(Hints, AHandshakeThatAnOperatorHoldsIsPolledAfterItsRelease) {
  given_waiting("h1");
  step(HoldChanged{{id("h1"), true}});
  hint("h1");
  advance(1min);
  EXPECT_FALSE(polls("h1"));
  step(HoldChanged{{id("h1"), false}});
  EXPECT_TRUE(polls("h1"));
}

TEST_F(Hints, NoPollFallsJustBeforeTheDeadline) {
  settings.expiry_grace = 0s;
  given_new("h1", 5min);
  attestr_says_pending("h1");
  advance(4min);
  attestr_says_pending("h1");
  advance(55s);
  hint("h1");
  EXPECT_FALSE(polls("h1"));
  EXPECT_EQ(delay_until_poll("h1"), 5s) << "the last poll falls on the deadline";
}

TEST_F(Hints, PollsGrowRareWhileHintsAnnounceAllResults) {
  settings.cadence = CadenceKind::adaptive;
  given_announced(1000);
  const auto before = polls_started;
  given_announced(50);
  EXPECT_LE(polls_started - before, 55U);
  given_new("h1");
  EXPECT_GT(delay_until_poll("h1"), 15min);
}

TEST_F(Hints, PollsComeBackWhenHintsAreMissing) {
  settings.cadence = CadenceKind::adaptive;
  settings.connections = 100;
  given_announced(1000);
  for (int i = 0; i < 40; ++i) given_new("h" + std::to_string(i));
  // Results are expected a minute after the submission.
  EXPECT_LT(delay_until_any_poll(), 6min);
  attestr_says_all_pending();
  given_new("new");
  EXPECT_LT(delay_until_poll("new"), 90s) << "when its result is likely, by what was learnt";
}

TEST_F(Hints, AHandshakeWhoseHintWasSpentIsPolledAsWithoutHints) {
  settings.cadence = CadenceKind::adaptive;
  given_announced(100);
  given_new("h1");
  advance(30s);
  hint("h1");
  ASSERT_TRUE(polls("h1"));
  attestr_says_pending("h1");
  EXPECT_LT(delay_until_poll("h1"), 1min);
}

TEST_F(Hints, AnAnnouncedResultIsLearntAtTheTimeOfItsHint) {
  step(PauseChanged{OperatorPause{now().wall}});
  for (int i = 0; i < 64; ++i) given_new("h" + std::to_string(i));
  advance(1min);
  for (int i = 0; i < 64; ++i) hint("h" + std::to_string(i));
  advance(2h);
  step(PauseChanged{OperatorPause{}});
  while (polls_in_flight() > 0) attestr_says_completed(polled());
  ASSERT_EQ(remembered.size(), 1U);
  double done = 0;
  for (const auto& bucket : std::span(remembered.front().learnt).first(26)) done += bucket.done;
  EXPECT_NEAR(done, 64, 3) << "in the buckets of ages up to 76 s";
}

}  // namespace
}  // namespace attestrd::dialogue
