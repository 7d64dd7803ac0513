#include "fleet/takeover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace attestrd {
namespace {

using ::testing::IsEmpty;

FleetNode node(std::string name, bool is_alive, std::int32_t first_shelf) {
  FleetNode node;
  node.name = std::move(name);
  node.instance.fill(static_cast<unsigned char>(first_shelf + 1));
  node.is_alive = is_alive;
  for (std::int32_t i = 0; i < 16; ++i) node.shelves.push_back({first_shelf + i, 3});
  return node;
}

TEST(TakeoverTest, TheLivingShareTheShelvesOfTheDead) {
  const std::vector nodes{node("a", true, 0), node("b", false, 16), node("c", true, 32),
                          node("d", true, 48)};
  std::multiset<std::int32_t> taken;
  for (const auto* const name : {"a", "c", "d"}) {
    const auto its = takeovers(nodes, name, false);
    EXPECT_TRUE(its.size() == 5 || its.size() == 6) << its.size();
    for (const auto& [dead, shelf] : its) {
      EXPECT_EQ(dead, nodes[1].instance);
      EXPECT_EQ(shelf.epoch, 3);
      taken.insert(shelf.number);
    }
  }
  EXPECT_EQ(taken.size(), 16U);
  EXPECT_EQ(std::set(taken.begin(), taken.end()).size(), 16U);
}

TEST(TakeoverTest, LaterOneNodeTakesAllThatAreLeft) {
  const std::vector nodes{node("a", true, 0), node("b", false, 16), node("c", true, 32)};
  EXPECT_EQ(takeovers(nodes, "c", true).size(), 16U);
}

TEST(TakeoverTest, ADeadNodeTakesNothing) {
  const std::vector nodes{node("a", false, 0), node("b", false, 16)};
  EXPECT_THAT(takeovers(nodes, "a", true), IsEmpty());
  EXPECT_THAT(takeovers(nodes, "unknown", true), IsEmpty());
}

}  // namespace
}  // namespace attestrd
