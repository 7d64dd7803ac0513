#include "fleet/takeover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace attestrd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

FleetNode node(std::string name, bool is_alive, std::int64_t first_shelf) {
  FleetNode node;
  node.name = std::move(name);
  node.instance = "process of " + node.name;
  node.is_alive = is_alive;
  for (std::int64_t i = 0; i < 16; ++i) node.shelves.push_back({first_shelf + i, 3});
  return node;
}

TEST(TakeoverTest, TheLivingShareTheShelvesOfTheDead) {
  const FleetState fleet{
      {node("a", true, 0), node("b", false, 16), node("c", true, 32), node("d", true, 48)}};
  std::multiset<std::int64_t> taken;
  for (const auto* const name : {"a", "c", "d"}) {
    const auto its = takeovers(fleet, name, false);
    EXPECT_TRUE(its.size() == 5 || its.size() == 6) << its.size();
    for (const auto& [dead, shelf] : its) {
      EXPECT_EQ(dead, "process of b");
      EXPECT_EQ(shelf.epoch, 3);
      taken.insert(shelf.shelf);
    }
  }
  EXPECT_EQ(taken.size(), 16U);
  EXPECT_EQ(std::set(taken.begin(), taken.end()).size(), 16U);
}

TEST(TakeoverTest, LaterOneNodeTakesAllThatAreLeft) {
  const FleetState fleet{{node("a", true, 0), node("b", false, 16), node("c", true, 32)}};
  EXPECT_EQ(takeovers(fleet, "c", true).size(), 16U);
}

TEST(TakeoverTest, ADeadNodeTakesNothing) {
  const FleetState fleet{{node("a", false, 0), node("b", false, 16)}};
  EXPECT_THAT(takeovers(fleet, "a", true), IsEmpty());
  EXPECT_THAT(takeovers(fleet, "unknown", true), IsEmpty());
}

TEST(TakeoverTest, ShelvesWhoseOwnerNoNodeNamesAreTakenToo) {
  FleetState fleet{{node("a", true, 0), node("b", true, 16)}};
  fleet.orphans = {{"nobody", {40, 7}}, {"nobody", {41, 2}}};
  EXPECT_THAT(takeovers(fleet, "a", false), ElementsAre(Takeover{"nobody", {40, 7}}));
  EXPECT_THAT(takeovers(fleet, "b", false), ElementsAre(Takeover{"nobody", {41, 2}}));
  EXPECT_EQ(takeovers(fleet, "b", true).size(), 2U);
}

}  // namespace
}  // namespace attestrd
