#include "fleet/account_pause.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

FleetState fleet_paused_by(const std::string& canary, bool is_alive = true) {
  FleetState fleet;
  for (const auto* const name : {"a", "b"}) {
    FleetNode node;
    node.name = name;
    node.instance = std::string("process of ") + name;
    node.is_alive = is_alive;
    fleet.nodes.push_back(node);
  }
  fleet.account = {7, "unauthorized", canary, Wall(Duration(3))};
  return fleet;
}

TEST(AccountPause, IsSeenWithTheNodeThatPollsTheCanary) {
  const auto fleet = fleet_paused_by("process of b");
  const auto own = pause_seen_by("b", fleet);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->node, "");
  EXPECT_EQ(own->reason, "unauthorized");
  EXPECT_EQ(own->since, Wall(Duration(3)));
  EXPECT_EQ(pause_seen_by("a", fleet)->node, "b");
}

TEST(AccountPause, OfAnEarlierProcessIsNotThatOfThisOne) {
  EXPECT_NE(pause_seen_by("b", fleet_paused_by("process before b"))->node, "");
  EXPECT_EQ(pause_seen_by("b", fleet_paused_by("process of b", false))->node, "b");
}

TEST(AccountPause, WithoutAReasonIsNone) { EXPECT_FALSE(pause_seen_by("a", FleetState())); }

}  // namespace
}  // namespace attestrd
