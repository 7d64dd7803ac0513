#include "queue/postgres/postgres_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "postgres/fleet_scene.h"

namespace attestrd::test {
namespace {

using ::testing::HasSubstr;

class PostgresNodesTest : public ::testing::Test {
 protected:
  std::string uuid() { return expected(new_instance(*connection_)); }

  Result<Membership> enter(const std::string& node, const std::string& spool,
                           const std::string& instance,
                           const std::optional<FormerInstance>& silent = {}) {
    return enter_fleet(*connection_, node, spool, instance, silent);
  }

  std::optional<std::int64_t> beat(const Membership& member, std::int64_t weight = 1) {
    return expected(send_beat(*connection_, member.node, member.instance, weight));
  }

  Fleet fleet_{address_in("ATTESTRD_POSTGRES")};
  PostgresConnection* connection_ = &fleet_.connection();
};

TEST_F(PostgresNodesTest, ANodeThatEntersGetsShelvesOfItsOwn) {
  const auto spool = uuid();
  const auto instance = uuid();
  const auto member = expected(enter("a", spool, instance));
  EXPECT_EQ(member.shelves.size(), 16U);
  EXPECT_EQ(member.instance, instance);
  const auto again = expected(enter("a", spool, instance));
  EXPECT_EQ(again.shelves.size(), 16U) << "tried again after a lost answer";
  EXPECT_EQ(again.shelves.at(0).epoch, member.shelves.at(0).epoch);
  EXPECT_NE(expected(enter("b", uuid(), uuid())).number, member.number);
}

TEST_F(PostgresNodesTest, ABeatMovesWhileTheNodeLives) {
  const auto member = expected(enter("a", uuid(), uuid()));
  EXPECT_EQ(beat(member), 1);
  EXPECT_EQ(beat(member, 7), 2);
  const auto seen = *expected(find_node(*connection_, "a"));
  EXPECT_EQ(seen.beat, 2);
  EXPECT_EQ(seen.weight, 7);
  EXPECT_FALSE(expected(declare_dead(*connection_, "a", {member.instance, 1}))) << "it has moved";
  EXPECT_EQ(beat(member), 3);
  EXPECT_TRUE(expected(declare_dead(*connection_, "a", {member.instance, 3})));
  EXPECT_EQ(beat(member), std::nullopt);
  EXPECT_EQ(expected(find_node(*connection_, "none")).has_value(), false);
}

TEST_F(PostgresNodesTest, AnotherProcessEntersOnlyOnceTheOneBeforeIsSilent) {
  const auto spool = uuid();
  const auto first = expected(enter("a", spool, uuid()));
  beat(first);
  const auto refused = enter("a", spool, uuid());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::already_exists);
  EXPECT_THAT(refused.error().message, HasSubstr("is alive"));
  EXPECT_FALSE(enter("a", spool, uuid(), FormerInstance{first.instance, 0})) << "it has moved";
  const auto next = expected(enter("a", spool, uuid(), FormerInstance{first.instance, 1}));
  EXPECT_EQ(next.number, first.number);
  ASSERT_EQ(next.shelves.size(), 16U);
  EXPECT_EQ(next.shelves.at(0).shelf, first.shelves.at(0).shelf);
  EXPECT_EQ(next.shelves.at(0).epoch, first.shelves.at(0).epoch + 1);
  EXPECT_EQ(beat(first), std::nullopt);
  EXPECT_EQ(beat(next), 1);
}

TEST_F(PostgresNodesTest, ASpoolHasOneNode) {
  const auto spool = uuid();
  const auto member = expected(enter("a", spool, uuid()));
  for (const auto* const node : {"b", "a-clone"}) {
    const auto refused = enter(node, spool, uuid(), FormerInstance{member.instance, std::nullopt});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::already_exists);
    EXPECT_THAT(refused.error().message, HasSubstr("belongs to the node a,"));
    EXPECT_FALSE(expected(find_node(*connection_, node))) << "no trace is left";
  }
  expected(enter("b", uuid(), uuid()));
  const auto moved = enter("b", spool, uuid(),
                           FormerInstance{expected(find_node(*connection_, "b"))->instance, {}});
  EXPECT_FALSE(moved) << "a known node can't have another's spool either";
}

TEST_F(PostgresNodesTest, TheFleetIsSeenAsAWhole) {
  const auto a = expected(enter("a", uuid(), uuid()));
  const auto b = expected(enter("b", uuid(), uuid()));
  beat(b, 5);
  expected(declare_dead(*connection_, "a", {a.instance, 0}));
  const auto fleet = expected(observe_fleet(*connection_));
  ASSERT_EQ(fleet.nodes.size(), 2U);
  EXPECT_EQ(fleet.nodes[0].name, "a");
  EXPECT_FALSE(fleet.nodes[0].is_alive);
  EXPECT_EQ(fleet.nodes[0].shelves.size(), 16U);
  EXPECT_TRUE(fleet.nodes[1].is_alive);
  EXPECT_EQ(fleet.nodes[1].weight, 5);
  EXPECT_EQ(fleet.nodes[1].instance, b.instance);
  EXPECT_FALSE(fleet.is_replication_synchronous);
}

TEST_F(PostgresNodesTest, ShelvesOfALivingNodeAreNotTakenOver) {
  const auto a = expected(enter("a", uuid(), uuid()));
  const auto b = expected(enter("b", uuid(), uuid()));
  const auto take = [&] {
    return expected(take_over_shelf(*connection_, a.shelves.at(0), a.instance, b.instance));
  };
  EXPECT_EQ(take(), std::nullopt);
  expected(declare_dead(*connection_, "a", {a.instance, 0}));
  expected(declare_dead(*connection_, "b", {b.instance, 0}));
  EXPECT_EQ(take(), std::nullopt) << "the dead take nothing";
  const auto back = expected(enter("a", a.spool, uuid()));
  EXPECT_EQ(take(), std::nullopt) << "it lives again";
  EXPECT_EQ(back.shelves.size(), 16U);
}

}  // namespace
}  // namespace attestrd::test
