// Tests the engine while the wall clock of the machine or of the server is wrong.

#include <gmock/gmock.h>

#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

constexpr Duration kYear = 365 * 24h;

class ClockTest : public Dialogue {
 protected:
  Duration until_deadline(std::string_view text) {
    return engine().explain(id(text), now())->until_deadline;
  }
  /// Answers every poll with "not yet" and a Date, for a time.
  void pending_for(Duration duration, Duration server_is_ahead) {
    const Mono end = now().mono + duration;
    while (now().mono < end) {
      if (polls("h1")) attestr_says_pending_at("h1", server_is_ahead);
      if (!settles.empty()) return;
      const auto wake = engine().next_wake();
      advance(std::clamp(wake.value_or(end) - now().mono, Duration(0), end - now().mono));
    }
  }
  EngineReport report() { return engine().report(now()); }
};

TEST_F(ClockTest, ASubmissionOfThisBootKeepsTheAgeThatWasMeasured) {
  const QueuedHandshake row{id("h1"), "", now().wall - 26h, {}, {}, 0, 1, now().mono - 8s};
  step(Adopted{&row, false});
  EXPECT_EQ(until_deadline("h1"), settings.give_up_after - 8s);
  const QueuedHandshake merged{id("h1"), "", now().wall - kYear, {}, {}, 0, 1, now().mono - 8s};
  step(Adopted{&merged, true});
  EXPECT_EQ(until_deadline("h1"), settings.give_up_after - 8s);
}

TEST_F(ClockTest, AnExpiryAdoptedWhileTheClockIsBehindIsKeptOnceItIsRight) {
  wall_clock_jumps(-72h);
  given_new("h1", 72h + 1h);
  pending_for(10min, 72h);
  EXPECT_EQ(until_deadline("h1"), 72h + 1h);
  wall_clock_jumps(72h);
  pending_for(1h - 1s, 0s);
  EXPECT_TRUE(settles.empty());
  pending_for(2s, 0s);
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
  EXPECT_EQ(said(Event::clock_jumped), 1U);
}

TEST_F(ClockTest, AJumpAheadExpiresNothing) {
  given_new("h1", 1h);
  attestr_says_pending("h1");
  wall_clock_jumps(48h);
  EXPECT_LE(delay_until_poll("h1"), 4s);
  attestr_says_pending("h1");
  EXPECT_TRUE(settles.empty()) << "after a jump an answer without a Date is no proof";
  pending_for(30min, -48h);
  EXPECT_TRUE(settles.empty()) << "the server's clock is before the deadline";
  wall_clock_jumps(-48h);
  pending_for(35min, 0s);
  EXPECT_TRUE(settles.empty());
  pending_for(10min, 0s);
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired)) << "at its true deadline";
}

TEST_F(ClockTest, AJumpDoesNotBeginTheDayAfterADeadlineAnew) {
  given_new("h1", 1h);
  given_new("h2", 1h);
  for (int minute = 0; minute < 60 * 30; ++minute) {
    for (const auto* const id : {"h1", "h2"})
      if (polls(id)) attestr_says_archived(id);
    advance(1min);
    if (minute % 360 == 0) wall_clock_jumps(20s);
  }
  EXPECT_TRUE(ended("h1", Outcome::archived)) << "a day after the deadline the trouble is its own";
}

TEST_F(ClockTest, AJumpMovesNoPollBeforeTheMinimumIntervalOrABackoff) {
  settings.min_interval = 3s;
  given_new("h1", 1h);
  given_new("h2", 1h);
  attestr_says_pending("h1");
  poll_fails("h2", TransportFailure::Kind::timeout);
  wall_clock_jumps(48h);
  step(Woke{});
  EXPECT_EQ(polls_in_flight(), 0U);
  EXPECT_GE(delay_until_poll("h1") + 1ms, 2700ms);
}

TEST_F(ClockTest, ADateThatLiesPostponesAnExpiryToTheNextPollAlone) {
  given_new("h1", 1h);
  pending_for(1h + settings.expiry_grace - 1s, 0s);
  delay_until_poll("h1");
  attestr_says_pending_at("h1", -10 * kYear);
  EXPECT_TRUE(settles.empty());
  EXPECT_LE(delay_until_poll("h1"), settings.max_interval * 2);
  attestr_says_pending_at("h1", 0s);
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
}

TEST_F(ClockTest, AServerWhoseClockIsWrongPostponesAnExpiryForTwoDays) {
  given_new("h1", 1h);
  const Mono deadline = now().mono + 1h + settings.expiry_grace;
  pending_for(30 * 24h, -10 * kYear);
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
  EXPECT_GE(now().mono, deadline + limits::kExpiryPostponement);
  EXPECT_LE(now().mono, deadline + limits::kExpiryPostponement + 2 * settings.max_interval);
}

TEST_F(ClockTest, NothingExpiresWhileTheClockIsBeforeTheRelease) {
  settings.earliest_clock = now().wall - kYear;
  wall_clock_jumps(-50 * kYear);
  const Mono begin = now().mono;
  given_new("h1");
  given_new("h2", 50 * kYear + 60h);
  pending_for(50h, 50 * kYear);
  EXPECT_TRUE(settles.empty());
  wall_clock_jumps(50 * kYear);
  pending_for(1h, 0s);
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired)) << "its age is known now";
  EXPECT_FALSE(settled("h2"));
  EXPECT_EQ(until_deadline("h2"), 60h + settings.expiry_grace - (now().mono - begin));
}

TEST_F(ClockTest, ASubmissionWhoseTimeIsUnknownCountsFromItsAdoption) {
  settings.earliest_clock = now().wall - kYear;
  given_queued("h1", 50 * kYear);
  EXPECT_EQ(until_deadline("h1"), settings.give_up_after);
  EXPECT_EQ(engine().explain(id("h1"), now())->age, 0s);
}

TEST_F(ClockTest, ADeadlineOfAnEarlierBootWaitsForACredibleClock) {
  settings.earliest_clock = now().wall - kYear;
  const Wall submitted_at = now().wall - 1h;
  wall_clock_jumps(-50 * kYear);
  const QueuedHandshake row{id("h1"), "", submitted_at, {}, {}, 0, 1, {}};
  step(Adopted{&row, false});
  pending_for(30h, 50 * kYear);
  EXPECT_TRUE(settles.empty());
  wall_clock_jumps(50 * kYear);
  pending_for(limits::kClockDoubt + 1h, 0s);
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
}

// The wall clock was 26 hours slow when the handshake was submitted, and right after a reboot.
TEST_F(ClockTest, AfterABootADeadlineWithoutAnExpiryEndsNothingForADay) {
  step(Recovering{1, true});
  const QueuedHandshake row{id("h1"), "", now().wall - 26h, {}, {}, 0, 1, {}};
  step(Adopted{&row, false});
  pending_for(23h, 0s);
  EXPECT_TRUE(settles.empty());
  pending_for(2h, 0s);
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
}

TEST_F(ClockTest, AfterADoubtfulStartAnAnswerWithoutADateExpiresNothingForADay) {
  step(Recovering{1, true});
  given_queued("h1", 48h);
  delay_until_poll("h1");
  attestr_says_pending("h1");
  EXPECT_TRUE(settles.empty());
  while (settles.empty() && now().mono < Mono(1000h) + 48h) {
    delay_until_poll("h1");
    attestr_says_pending("h1");
  }
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
  EXPECT_GE(now().mono, Mono(1000h) + limits::kClockDoubt);
}

TEST_F(ClockTest, ADifferenceFromTheServersClockIsSaidOnceAndShown) {
  given_new("h1");
  EXPECT_FALSE(report().clock_difference);
  pending_for(1min, -26h);
  EXPECT_EQ(said(Event::clock_differs), 1U);
  EXPECT_THAT(last_said(Event::clock_differs).message, testing::HasSubstr("ahead of"));
  EXPECT_NEAR(static_cast<double>(report().clock_difference->count()), -26 * 3600e6, 1e6);
  wall_clock_jumps(-26h);
  pending_for(1min, 0s);
  EXPECT_EQ(said(Event::clock_differs), 1U);
  EXPECT_LE(std::chrono::abs(*report().clock_difference), 1s);
}

}  // namespace
}  // namespace attestrd::dialogue
