#include "base/limits.h"
#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

/// A node of a fleet, whose database holds the pause of the account.
class FleetPauseOfNode : public Dialogue {
 protected:
  void database_has(std::optional<SharedPause> pause) { step(AccountShared{std::move(pause)}); }
  void database_has_none() { database_has({}); }
  void another_node_pauses() {
    database_has(SharedPause{PauseReason::unauthorized, now().wall, "b"});
  }
  void this_node_holds_it() { database_has(SharedPause{PauseReason::unauthorized, now().wall}); }
  EngineReport report() { return engine().report(now()); }
};

TEST_F(FleetPauseOfNode, ACanaryWaitsUntilTheDatabaseHasThePause) {
  database_has_none();
  given_new("h1");
  given_new("h2");
  account_pauses(401, 4016);
  EXPECT_EQ(report().fleet_pause, PauseReason::unauthorized);
  advance(1h);
  EXPECT_EQ(polls_in_flight(), 0U);
  this_node_holds_it();
  EXPECT_EQ(polls_in_flight(), 1U) << "one canary";
  attestr_says_pending(polled());
  EXPECT_EQ(said(Event::account_resumed), 1U);
  EXPECT_FALSE(report().fleet_pause);
  database_has_none();
  EXPECT_EQ(said(Event::account_resumed), 1U);
}

TEST_F(FleetPauseOfNode, NothingIsPolledWhileAnotherNodeAsks) {
  settings.give_up_after = 1h;
  database_has_none();
  given_new("h1");
  another_node_pauses();
  EXPECT_EQ(last_said(Event::account_paused).level, Level::warn);
  EXPECT_EQ(last_said(Event::account_paused).host, "b");
  EXPECT_EQ(report().paused_by, "b");
  EXPECT_EQ(report().paused_for, PauseReason::unauthorized);
  given_new("h2");
  attestr_says_code("h1", 401, 4016);  // Its poll began before.
  advance(30h);
  EXPECT_EQ(polls_started, 1U);
  EXPECT_TRUE(settles.empty()) << "nothing expires without its last poll";
  EXPECT_EQ(std::get<AccountKicked>(ask(KickAccountCommand{})), AccountKicked::held);
  EXPECT_FALSE(engine().explain(id("h2"), now())->due);
  database_has_none();
  EXPECT_EQ(last_said(Event::account_resumed).wait, 30h);
  EXPECT_EQ(polls_in_flight(), 2U);
  EXPECT_FALSE(report().paused_for);
}

TEST_F(FleetPauseOfNode, ThePauseEndsThroughTheRateLimitAndSlowly) {
  settings.requests_per_second = 2;
  settings.connections = 8;
  database_has_none();
  another_node_pauses();
  for (const char* text : {"h1", "h2", "h3", "h4", "h5"}) given_new(text);
  advance(1h);
  database_has_none();
  EXPECT_EQ(polls_in_flight(), 1U) << "one by the rate limit";
  advance(5s);
  EXPECT_EQ(polls_in_flight(), 2U) << "two by slow start";
}

TEST_F(FleetPauseOfNode, WhoTakesAPauseUpAsksWithAHandshakeThatIsNotDue) {
  settings.min_interval = 2s;
  settings.max_interval = 10h;
  database_has_none();
  given_new("h1");
  attestr_says_pending("h1");
  another_node_pauses();
  advance(settings.min_interval);
  EXPECT_EQ(polls_in_flight(), 0U);
  this_node_holds_it();
  EXPECT_EQ(said(Event::account_paused), 2U);
  EXPECT_EQ(report().paused_by, "");
  advance(limits::kCanaryFirst - 1ms);
  EXPECT_EQ(polls_in_flight(), 0U);
  advance(1ms);
  EXPECT_EQ(polls_in_flight(), 1U);
  attestr_says_pending("h1");
  EXPECT_EQ(said(Event::account_resumed), 1U);
}

TEST_F(FleetPauseOfNode, ANodeThatHasNothingToAskWishesForNoPause) {
  database_has_none();
  given_new("h1");
  given_new("h2");
  account_pauses(401, 4016);
  this_node_holds_it();
  for (const char* text : {"h1", "h2"}) step(HoldChanged{{id(text), true}});
  EXPECT_FALSE(report().fleet_pause);
  database_has_none();
  EXPECT_FALSE(report().paused_for) << "the others find out whether it is over";
  another_node_pauses();
  EXPECT_FALSE(report().fleet_pause) << "it could not ask in the place of that one";
}

TEST_F(FleetPauseOfNode, TroubleOfTheNetworkStaysTheNodes) {
  database_has_none();
  given_new("h1");
  poll_fails("h1", TransportFailure::Kind::certificate);
  EXPECT_EQ(report().paused_for, PauseReason::certificate);
  EXPECT_FALSE(report().fleet_pause);
  advance(limits::kCanaryFirst);
  EXPECT_EQ(polls_in_flight(), 1U);
}

}  // namespace
}  // namespace attestrd::dialogue
