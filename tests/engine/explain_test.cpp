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

}  // namespace
}  // namespace attestrd::dialogue
