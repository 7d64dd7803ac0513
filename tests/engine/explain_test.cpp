#include "base/limits.h"
#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

using Wait = Explanation::Wait;

class Explain : public Dialogue {
 protected:
  Explanation why(std::string_view text) {
    const auto explanation = engine().explain(id(text), now());
    EXPECT_TRUE(explanation) << text;
    return explanation.value_or(Explanation{});
  }
};

TEST_F(Explain, ItWaitsForItsIntervalUntilItsNextPoll) {
  given_new("h1");
  EXPECT_EQ(why("h1").wait, Wait::answer);
  EXPECT_EQ(why("h1").due, std::nullopt);
  EXPECT_EQ(why("h1").since_pending, std::nullopt);
  attestr_says_pending("h1");
  advance(500ms);
  const auto waiting = why("h1");
  EXPECT_EQ(waiting.wait, Wait::interval);
  EXPECT_EQ(waiting.age, 500ms);
  EXPECT_EQ(waiting.since_pending, Duration(500ms));
  EXPECT_EQ(waiting.until_deadline, settings.give_up_after - 500ms);
  EXPECT_EQ(waiting.polls, 1U);
  EXPECT_EQ(delay_until_poll("h1"), waiting.due);
}

TEST_F(Explain, ExpectedPollsFollowFromTheObservations) {
  settings.cadence = CadenceKind::adaptive;
  Hazard hazard;
  for (int i = 0; i < 3000; ++i) {
    hazard.saw_pending(0s, 9min);
    hazard.saw_done(9min, 10min);
  }
  step(Learnt{&hazard});
  given_new("h1");
  const auto fresh = why("h1");
  EXPECT_EQ(fresh.wait, Wait::result);
  EXPECT_LT(fresh.chance_done, 0.01);
  EXPECT_NEAR(static_cast<double>(fresh.completions), hazard.completions(), 1);
  EXPECT_GT(fresh.expected_polls, 2);
  EXPECT_LT(fresh.expected_polls, 200);
  advance(*fresh.due - 1s);
  EXPECT_GT(why("h1").chance_done, fresh.chance_done);
}

TEST_F(Explain, AfterAnErrorItWaitsForItsOwnBackoff) {
  given_new("h1");
  poll_fails("h1", TransportFailure::Kind::reset);
  const auto waiting = why("h1");
  EXPECT_EQ(waiting.wait, Wait::retry);
  EXPECT_EQ(delay_until_poll("h1"), waiting.due);
}

TEST_F(Explain, TheLastPollFallsOnTheDeadline) {
  settings.expiry_grace = 0s;
  given_new("h1", 3s);
  attestr_says_pending("h1");
  const auto waiting = why("h1");
  EXPECT_EQ(waiting.wait, Wait::deadline);
  EXPECT_EQ(waiting.due, waiting.until_deadline);
  advance(10s);
  EXPECT_LT(why("h1").until_deadline, Duration(0));
}

TEST_F(Explain, ADueHandshakeWaitsForItsTurn) {
  settings.connections = 1;
  given_new("h1");
  given_new("h2");
  EXPECT_EQ(why("h2").wait, Wait::turn);
  EXPECT_EQ(why("h2").due, std::nullopt);
}

TEST_F(Explain, AnEndedHandshakeWaitsForItsRecordAndIsThenForgotten) {
  given_new("h1");
  attestr_says_completed("h1");
  EXPECT_EQ(why("h1").wait, Wait::record);
  step(Settled{id("h1")});
  EXPECT_FALSE(engine().explain(id("h1"), now()));
}

TEST_F(Explain, ALostHandshakeIsNotKnown) {
  given_new("h1");
  step(Lost{id("h1")});
  EXPECT_FALSE(engine().explain(id("h1"), now()));
}

TEST_F(Explain, WhenTheDayIsSpentItWaitsForTheNextOne) {
  settings.daily_requests = 3;
  settings.expiry_grace = 0s;
  given_new("h1");
  given_new("today", 1h);
  attestr_says_all_pending();
  advance(10s);
  ASSERT_TRUE(engine().report(now()).is_day_spent);
  EXPECT_EQ(why("h1").wait, Wait::next_day);
  EXPECT_EQ(why("h1").due, engine().report(now()).until_next_day);
  EXPECT_EQ(why("today").wait, Wait::deadline) << "one is kept for it";
  EXPECT_EQ(why("today").due, why("today").until_deadline);
}

TEST_F(Explain, WhenTheDayIsUsedUpALastPollWaitsForTheNextOneToo) {
  settings.daily_requests = 1;
  settings.expiry_grace = 0s;
  given_new("today", 1h);
  attestr_says_pending("today");
  advance(10s);
  EXPECT_EQ(why("today").wait, Wait::next_day) << "nothing is left for it";
  advance(1h);
  EXPECT_EQ(why("today").wait, Wait::next_day);
}

TEST_F(Explain, ALastPollThatIsDueWaitsForItsTurn) {
  settings.daily_requests = 10;
  settings.expiry_grace = 0s;
  settings.connections = 1;
  for (int i = 0; i < 8; ++i) given_new(fmt::format("h{}", i), 1h);
  const Mono end = now().mono + 1h + 1s;
  while (now().mono < end) {
    if (polls_in_flight() > 0 && now().mono < end - 2s) attestr_says_all_pending();
    advance(1s);
  }
  EXPECT_TRUE(engine().report(now()).is_day_spent);
  std::size_t turns = 0;
  for (int i = 0; i < 8; ++i)
    if (engine().explain(id(fmt::format("h{}", i)), now())->wait == Wait::turn) ++turns;
  EXPECT_GT(turns, 0U);
}

/// A fixture that compares the next poll of all handshakes with that of the only one.
class NextPoll : public Explain {
 protected:
  void expect(std::optional<Duration> next) {
    EXPECT_EQ(why("h1").due, next);
    EXPECT_EQ(engine().report(now()).next_poll, next);
  }
};

TEST_F(NextPoll, RespectsRetryAfter) {
  given_new("h1");
  attestr_says_code("h1", 429, 4291, "60");
  expect(60s);
  advance(50s);
  expect(10s);
}

TEST_F(NextPoll, IsTheNextCanaryWhileTheAccountIsPaused) {
  given_new("h1");
  poll_fails("h1", TransportFailure::Kind::certificate, 0);
  ASSERT_TRUE(engine().report(now()).paused_for);
  expect(engine().report(now()).next_canary);
  expect(limits::kCanaryFirst);
  delay_until_poll("h1");
  expect(std::nullopt);
}

TEST_F(NextPoll, AHandshakeThatWaitsFollowsThePauseToo) {
  given_new("h1");
  given_new("h2");
  poll_fails("h2", TransportFailure::Kind::certificate, 0);
  attestr_says_pending("h1");
  EXPECT_GE(why("h1").due, limits::kCanaryFirst);
  EXPECT_EQ(engine().report(now()).next_poll, limits::kCanaryFirst);
}

TEST_F(NextPoll, OfAHandshakeThatIsHeldCountsNot) {
  settings.min_interval = 1min;
  given_new("held");
  attestr_says_pending("held");
  advance(30s);
  given_new("h1");
  attestr_says_pending("h1");
  step(HoldChanged{{id("held"), true}});
  expect(why("h1").due);
  step(HoldChanged{{id("h1"), true}});
  expect(std::nullopt);
}

TEST_F(NextPoll, IsUnknownWhileNothingCanBeWritten) {
  given_new("h1");
  attestr_says_pending("h1");
  const auto next = why("h1").due;
  EXPECT_TRUE(next);
  step(DiskFull{});
  expect(std::nullopt);
  step(DiskHasRoom{});
  expect(next);
  step(QueueUnavailable{});
  expect(std::nullopt);
  advance(1h);
  EXPECT_EQ(why("h1").wait, Wait::turn);
  expect(std::nullopt);
}

TEST_F(NextPoll, IsTheNextDayWhenTheDayIsSpent) {
  settings.daily_requests = 2;
  given_new("h1");
  attestr_says_pending("h1");
  delay_until_poll("h1");
  attestr_says_pending("h1");
  ASSERT_TRUE(engine().report(now()).is_day_spent);
  expect(engine().report(now()).until_next_day);
}

TEST_F(NextPoll, IsTheLastPollThatTheDayIsKeptFor) {
  settings.daily_requests = 3;
  settings.expiry_grace = 0s;
  given_new("tomorrow");
  given_new("h1", 1h);
  attestr_says_all_pending();
  advance(10s);
  ASSERT_TRUE(engine().report(now()).is_day_spent);
  expect(why("h1").until_deadline);
}

TEST_F(NextPoll, RespectsTheRate) {
  settings.requests_per_second = 0.2;
  given_new("other");
  given_new("h1");
  attestr_says_completed("other");
  step(Settled{id("other")});
  const auto next = why("h1").due;
  EXPECT_GT(next, 4s);
  expect(next);
  EXPECT_EQ(delay_until_poll("h1"), next);
}

TEST_F(NextPoll, IsExactHoweverFarAwayItIs) {
  settings.min_interval = settings.max_interval = 1h;
  given_new("h1");
  attestr_says_pending("h1");
  EXPECT_GT(why("h1").due, 50min);
  expect(why("h1").due);
}

TEST_F(NextPoll, ThereIsNoneOnceTheEngineStops) {
  given_new("h1");
  attestr_says_pending("h1");
  step(Stop{});
  expect(std::nullopt);
}

}  // namespace
}  // namespace attestrd::dialogue
