#include "fleet/fleet_counts.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

FleetNode node(std::string name, bool is_alive, std::int64_t weight, bool has_shelf) {
  FleetNode node{std::move(name)};
  node.is_alive = is_alive;
  node.weight = weight;
  if (has_shelf) node.shelves.push_back({1, 1});
  return node;
}

TEST(FleetCounts, CountWhatADeadNodeHadUntilAnotherHasItsShelves) {
  FleetState fleet;
  fleet.nodes = {node("a", true, 10, true), node("b", false, 5, true), node("c", false, 7, false)};
  fleet.foreign_staged = 3;
  const auto counts = count_fleet(fleet, "a");
  EXPECT_EQ(counts.node, "a");
  EXPECT_EQ(counts.alive, 1U);
  EXPECT_EQ(counts.dead, 2U);
  EXPECT_EQ(counts.pending, 15U);
  EXPECT_EQ(counts.foreign_staged, 3U);
}

TEST(FleetCounts, ANodeThatNeverSaidHowMuchItHasCountsAsNone) {
  FleetState fleet;
  fleet.nodes = {node("a", true, -1, true)};
  EXPECT_EQ(count_fleet(fleet, "a").pending, 0U);
}

}  // namespace
}  // namespace attestrd
