#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

/// The demands of operators on pending handshakes.
class Operator : public Dialogue {
 protected:
  void pause() { step(PauseChanged{{now().wall}}); }
  void resume() { step(PauseChanged{{}}); }
  void hold(std::string_view text) { step(HoldChanged{{id(text), true}}); }
  void release(std::string_view text) { step(HoldChanged{{id(text), false}}); }
  Cancelled cancel(std::string_view text) {
    return std::get<std::vector<Cancelled>>(ask(CancelCommand{{id(text)}})).at(0);
  }
  bool is_cancelled(std::string_view text) const {
    return ended(text, Outcome::failed, Reason::cancelled);
  }
  Explanation::Wait wait_of(std::string_view text) {
    return engine().explain(id(text), now())->wait;
  }
  std::uint64_t held() { return engine().report(now()).held_by_operator; }
};

TEST_F(Operator, NoPollStartsDuringAPauseNotEvenALastOne) {
  settings.give_up_after = 1h;
  given_new("flies");
  pause();
  given_new("new");
  EXPECT_EQ(engine().report(now()).operator_pause, now().wall);
  attestr_says_pending("flies");
  advance(30h);
  EXPECT_EQ(polls_started, 1U);
  EXPECT_TRUE(settles.empty()) << "nothing expires without its last poll";
  EXPECT_FALSE(engine().explain(id("new"), now())->due);
  resume();
  EXPECT_TRUE(polls("flies") && polls("new"));
  EXPECT_FALSE(engine().report(now()).operator_pause);
  attestr_says_pending("flies");
  EXPECT_TRUE(ended("flies", Outcome::failed, Reason::expired));
}

TEST_F(Operator, APauseAndItsEndAreLoggedOnce) {
  pause();
  advance(1min);
  step(PauseChanged{{now().wall - 1min}});
  EXPECT_EQ(said(Event::polling_paused), 1U);
  advance(1min);
  resume();
  resume();
  EXPECT_EQ(said(Event::polling_resumed), 1U);
  EXPECT_EQ(last_said(Event::polling_resumed).wait, 2min);
}

TEST_F(Operator, TheCanaryOfAPausedAccountWaitsToo) {
  given_new("h1");
  given_new("h2");
  account_pauses(401, 4016);
  pause();
  const auto before = polls_started;
  advance(10h);
  EXPECT_EQ(polls_started, before);
  resume();
  delay_until_any_poll();
}

TEST_F(Operator, AHeldHandshakeIsNotPolledUntilItsRelease) {
  given_new("h1");
  given_new("other");
  hold("h1");
  EXPECT_EQ(held(), 1U);
  EXPECT_EQ(wait_of("h1"), Explanation::Wait::answer) << "its poll ends normally";
  attestr_says_pending("h1");
  EXPECT_EQ(wait_of("h1"), Explanation::Wait::release);
  attestr_says_pending("other");
  const auto before = poll_times.size();
  delay_until_poll("other");
  advance(1h);
  EXPECT_EQ(poll_times.size(), before + 1) << "of the other";
  EXPECT_FALSE(polls("h1"));
  EXPECT_FALSE(engine().explain(id("h1"), now())->due);
  release("h1");
  EXPECT_TRUE(polls("h1"));
  EXPECT_EQ(held(), 0U);
}

TEST_F(Operator, AReleaseBeforeTheNextPollIsDueMakesNoPollEarlier) {
  settings.min_interval = 1min;
  given_new("h1");
  attestr_says_pending("h1");
  hold("h1");
  advance(1s);
  release("h1");
  EXPECT_GE(delay_until_poll("h1"), 59s);
}

TEST_F(Operator, AHandshakeThatIsHeldOverItsDeadlineHasItsLastPollAfterItsRelease) {
  settings.give_up_after = 1h;
  given_new("h1");
  attestr_says_pending("h1");
  hold("h1");
  advance(30h);
  EXPECT_TRUE(settles.empty());
  release("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Operator, NoStepParksMoreThanAThousandHandshakes) {
  pause();
  for (unsigned i = 0; i < 2 * limits::kParkedPerStep + 1; ++i) {
    const auto text = "held" + std::to_string(i);
    given_new(text);
    hold(text);
  }
  resume();
  for (int more = 0; more < 2; ++more) {
    ASSERT_TRUE(engine().next_wake());
    EXPECT_LE(*engine().next_wake(), now().mono) << "the next step goes on at once";
    step(Woke{});
  }
  const auto wake = engine().next_wake();
  EXPECT_TRUE(!wake || *wake > now().mono);
  EXPECT_EQ(polls_started, 0U);
}

TEST_F(Operator, ADueHandshakeThatIsHeldGivesUpItsTurn) {
  settings.connections = 1;
  given_new("first");
  given_new("held");
  given_new("next");
  hold("held");
  EXPECT_EQ(wait_of("held"), Explanation::Wait::release);
  attestr_says_completed("first");
  EXPECT_TRUE(polls("next"));
  attestr_says_completed("next");
  EXPECT_EQ(polls_in_flight(), 0U);
  release("held");
  EXPECT_TRUE(polls("held"));
}

TEST_F(Operator, AHoldIsRecalledWithItsRow) {
  QueuedHandshake row{id("h1"), "", now().wall, {}, {}, 3, 1, {}, 0, true};
  step(Adopted{&row, false});
  EXPECT_EQ(held(), 1U);
  advance(2h);
  EXPECT_EQ(polls_started, 0U);
  release("h1");
  EXPECT_TRUE(polls("h1"));
}

TEST_F(Operator, AHoldEndsWithItsHandshake) {
  given_new("h1");
  hold("h1");
  attestr_says_completed("h1");
  hold("h1");
  step(Settled{id("h1")});
  EXPECT_EQ(held(), 0U);
  hold("h1");
  release("never-seen");
  EXPECT_EQ(held(), 0U);
  given_new("h2");
  attestr_says_pending("h2");
  hold("h2");
  advance(2h);
  step(Lost{id("h2")});
  EXPECT_EQ(held(), 0U);
}

TEST_F(Operator, AHeldHandshakeIsNoCanary) {
  given_new("held");
  given_new("h1");
  given_new("h2");
  attestr_says_pending("held");
  hold("held");
  account_pauses(401, 4016);
  advance(10h);
  EXPECT_FALSE(polls("held"));
}

TEST_F(Operator, AKickOfAHeldHandshakePollsNothing) {
  settings.connections = 1;
  given_new("held");
  given_new("other");
  const auto kick = [this](std::string_view text) {
    return std::get<std::vector<Kicked>>(ask(KickCommand{{id(text)}})).at(0);
  };
  hold("other");
  EXPECT_EQ(kick("other"), Kicked::held) << "in its lane";
  attestr_says_pending("held");
  hold("held");
  EXPECT_EQ(kick("held"), Kicked::held) << "while it waits";
  advance(2h);
  EXPECT_EQ(kick("held"), Kicked::held) << "when it is due";
  EXPECT_EQ(polls_started, 1U);
}

TEST_F(Operator, ACancelledHandshakeEndsWhateverItWaitsFor) {
  settings.connections = 1;
  given_new("waits");
  attestr_says_pending("waits");
  given_new("flies");
  given_new("due");
  given_new("next");
  EXPECT_EQ(cancel("waits"), Cancelled::cancelled);
  EXPECT_EQ(cancel("due"), Cancelled::cancelled);
  EXPECT_TRUE(is_cancelled("waits") && is_cancelled("due"));
  EXPECT_EQ(cancel("due"), Cancelled::ending);
  step(Settled{id("waits")});
  step(Settled{id("due")});
  EXPECT_EQ(cancel("due"), Cancelled::not_pending);
  EXPECT_EQ(cancel("never-seen"), Cancelled::not_pending);
  attestr_says_completed("flies");
  EXPECT_TRUE(polls("next")) << "the lane goes on without it";
  EXPECT_EQ(settles.size(), 3U);
}

TEST_F(Operator, ACancelHoldsDuringAPauseAndForHeldHandshakes) {
  given_new("held");
  attestr_says_pending("held");
  hold("held");
  advance(2h);
  pause();
  given_new("due");
  EXPECT_EQ(cancel("held"), Cancelled::cancelled);
  EXPECT_EQ(cancel("due"), Cancelled::cancelled);
  EXPECT_TRUE(is_cancelled("held") && is_cancelled("due"));
}

TEST_F(Operator, AResultOfThePollInFlightWinsOverACancel) {
  given_new("h1");
  EXPECT_EQ(cancel("h1"), Cancelled::after_poll);
  EXPECT_TRUE(settles.empty());
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
  EXPECT_EQ(settles.size(), 1U);
}

TEST_F(Operator, ACancelledHandshakeEndsWithAnyOtherAnswerToThePollInFlight) {
  const auto begin = [this](std::string_view name) {
    given_new(name);
    EXPECT_EQ(cancel(name), Cancelled::after_poll);
  };
  begin("pending");
  attestr_says_pending("pending");
  begin("reset");
  poll_fails("reset", TransportFailure::Kind::reset);
  begin("refused");
  attestr_says_code("refused", 401, 4016);
  begin("forged");
  attestr_says_forged("forged");
  begin("certificate");
  poll_fails("certificate", TransportFailure::Kind::certificate);
  for (const auto* const name : {"pending", "reset", "refused", "forged", "certificate"})
    EXPECT_TRUE(is_cancelled(name)) << name;
  EXPECT_EQ(settles.size(), 5U);
  advance(2h);
  EXPECT_EQ(polls_started, 5U);
}

TEST_F(Operator, OneCancelEndsManyAndLeavesTheOthersInTheirOrder) {
  settings.connections = 1;
  for (const auto* const name : {"flies", "a", "b", "c", "d"}) given_new(name);
  const auto answer = ask(CancelCommand{{id("a"), id("c"), id("a")}});
  EXPECT_EQ(std::get<std::vector<Cancelled>>(answer),
            (std::vector{Cancelled::cancelled, Cancelled::cancelled, Cancelled::cancelled}));
  EXPECT_EQ(settles.size(), 2U);
  attestr_says_completed("flies");
  EXPECT_TRUE(polls("b"));
}

}  // namespace
}  // namespace attestrd::dialogue
