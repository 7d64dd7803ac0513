#include "queue/postgres/postgres_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "postgres/fleet_scene.h"
#include "queue/postgres/account/postgres_account.h"

namespace attestrd::test {
namespace {

using ::testing::HasSubstr;

class PostgresNodesTest : public ::testing::Test {
 protected:
  std::string uuid() { return expected(new_instance(*connection_)); }

  Result<Membership> enter(const std::string& node, const std::string& spool,
                           const std::string& instance,
                           const std::optional<FormerInstance>& silent = {}) {
    return enter_fleet(*connection_, {node, spool, instance, "boot"}, silent);
  }

  /// Returns the number of the beat, or nothing if the process does not live.
  std::optional<std::int64_t> beat(const Membership& member, std::int64_t weight = 1) {
    const auto fleet = expected(send_beat(*connection_, member.node, member.instance, {weight}));
    if (!fleet) return std::nullopt;
    return std::ranges::find(fleet->nodes, member.node, &FleetNode::name)->beat;
  }

  std::optional<std::int64_t> take(const Membership& from, const Membership& to,
                                   std::size_t shelf = 0, std::int64_t claimed = 0) {
    return expected(
        take_over_shelf(*connection_, {from.instance, from.shelves.at(shelf)}, to, claimed));
  }

  void die(const Membership& member) {
    const auto node = *expected(find_node(*connection_, member.node));
    ASSERT_TRUE(expected(declare_dead(*connection_, node.name, {node.instance, node.beat})));
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
  EXPECT_EQ(take(a, b), std::nullopt);
  expected(declare_dead(*connection_, "a", {a.instance, 0}));
  expected(declare_dead(*connection_, "b", {b.instance, 0}));
  EXPECT_EQ(take(a, b), std::nullopt) << "the dead take nothing";
  const auto back = expected(enter("a", a.spool, uuid()));
  EXPECT_EQ(take(a, b), std::nullopt) << "it lives again";
  EXPECT_EQ(back.shelves.size(), 16U);
}

TEST_F(PostgresNodesTest, ANodeThatLeavesIsDeadAtOnce) {
  const auto a = expected(enter("a", uuid(), uuid()));
  const auto b = expected(enter("b", uuid(), uuid()));
  ASSERT_TRUE(leave_fleet(*connection_, "a", a.instance));
  EXPECT_EQ(beat(a), std::nullopt);
  EXPECT_EQ(take(a, b), 2);
  EXPECT_TRUE(enter("a", a.spool, uuid())) << "nobody waits for a beat of it";
}

// A failover of the database can lose the commit by which a process entered, and keep a takeover
// for it, or the reverse.
TEST_F(PostgresNodesTest, AShelfWhoseOwnerNoNodeNamesIsTakenOver) {
  const auto a = expected(enter("a", uuid(), uuid()));
  const auto b = expected(enter("b", uuid(), uuid()));
  fleet_.sql("UPDATE attestrd.shelf SET instance = gen_random_uuid() WHERE shelf = " +
             std::to_string(a.shelves.at(3).shelf));
  const auto fleet = expected(observe_fleet(*connection_));
  ASSERT_EQ(fleet.orphans.size(), 1U);
  EXPECT_EQ(fleet.orphans[0].shelf, a.shelves.at(3));
  EXPECT_EQ(fleet.nodes.at(0).shelves.size(), 15U);
  EXPECT_EQ(expected(take_over_shelf(*connection_, fleet.orphans[0], b, 0)), 2);
  EXPECT_EQ(expected(observe_fleet(*connection_)).orphans.size(), 0U);
}

TEST_F(PostgresNodesTest, ANodeThatEntersRaisesAllOfItsShelvesWhateverTheirInstance) {
  const auto spool = uuid();
  const auto a = expected(enter("a", spool, uuid()));
  fleet_.sql("UPDATE attestrd.shelf SET instance = gen_random_uuid() WHERE shelf = " +
             std::to_string(a.shelves.at(3).shelf));
  const auto again = expected(enter("a", spool, uuid(), FormerInstance{a.instance, 0}));
  ASSERT_EQ(again.shelves.size(), 16U);
  for (const auto& shelf : again.shelves) EXPECT_EQ(shelf.epoch, 2);
}

// After a failover that lost its first takeover, a process takes the same shelf over again: the
// epoch that it has had for it must not come again, since rows may have changed in between.
TEST_F(PostgresNodesTest, AnEpochDoesNotComeAgain) {
  const auto a = expected(enter("a", uuid(), uuid()));
  const auto b = expected(enter("b", uuid(), uuid()));
  die(a);
  EXPECT_EQ(take(a, b, 0, 7), 8);
  EXPECT_EQ(take(a, b, 0, 7), 8) << "tried again after a lost answer";
  EXPECT_EQ(take(a, b, 1), 2);
}

TEST_F(PostgresNodesTest, SharesTogetherAreAtMostAll) {
  const auto a = expected(enter("a", uuid(), uuid()));
  const auto b = expected(enter("b", uuid(), uuid()));
  const auto set = [&](const Membership& member, std::int64_t wanted, std::int64_t all) {
    return expected(set_shares(*connection_, member.node, member.instance, wanted, all));
  };
  EXPECT_EQ(set(a, 20, 20), 20);
  EXPECT_EQ(set(b, 10, 20), 0) << "the other has not given any up";
  EXPECT_EQ(set(a, 10, 20), 10);
  EXPECT_EQ(set(b, 10, 20), 10);
  EXPECT_EQ(set(b, 10, 8), 0) << "the limit was lowered";
  EXPECT_EQ(expected(observe_fleet(*connection_)).nodes.at(0).share, 10);
  die(a);
  EXPECT_EQ(set(a, 5, 20), 0) << "the dead get none";
  EXPECT_EQ(set(b, 20, 20), 20);
  const auto back = expected(enter("a", a.spool, uuid()));
  EXPECT_EQ(set(back, 5, 20), 0) << "what it had went to the other";
}

TEST_F(PostgresNodesTest, ABeatTellsTheOthersTheLimits) {
  const auto a = expected(enter("a", uuid(), uuid()));
  auto seen = expected(send_beat(*connection_, "a", a.instance, {3, 0.25, 1000}));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->nodes.at(0).rate_limit, 0.25);
  EXPECT_EQ(seen->nodes.at(0).weight, 3);
  EXPECT_EQ(seen->nodes.at(0).boot, "boot");
  EXPECT_EQ(seen->paused_since, std::nullopt);
  EXPECT_GT(seen->minute, 0U);
  seen = expected(send_beat(*connection_, "a", a.instance, {}));
  EXPECT_EQ(seen->nodes.at(0).rate_limit, std::nullopt);
}

// ---- The account.

/// Beats with a wish, and returns the pause that the database has then.
class PostgresAccountTest : public PostgresNodesTest {
 protected:
  AccountPause wish(const Membership& member, std::int64_t seen, const std::string& reason) {
    Beat beat;
    beat.account = {seen, reason};
    return expected(send_beat(*connection_, member.node, member.instance, beat))->account;
  }
};

TEST_F(PostgresAccountTest, OneOfSeveralNodesPausesTheFleet) {
  const auto a = expected(enter("a", uuid(), uuid()));
  const auto b = expected(enter("b", uuid(), uuid()));
  const auto none = wish(a, -1, "unauthorized");
  EXPECT_EQ(none, AccountPause());
  const auto first = wish(a, 0, "unauthorized");
  EXPECT_EQ(first.number, 1);
  EXPECT_EQ(first.reason, "unauthorized");
  EXPECT_EQ(first.canary, a.instance);
  EXPECT_TRUE(first.since);
  EXPECT_EQ(wish(b, 0, "forbidden"), first) << "it was later";
  EXPECT_EQ(wish(b, 1, "forbidden"), first) << "the node that polls the canary lives";
  EXPECT_EQ(wish(b, 1, ""), first) << "only that node ends it";
  EXPECT_EQ(wish(a, 1, "unauthorized"), first);
  auto other = wish(a, 1, "low_credits");
  EXPECT_EQ(other.number, 2);
  EXPECT_EQ(other.reason, "low_credits");
  EXPECT_EQ(other.since, first.since);
  EXPECT_EQ(wish(a, 1, ""), other) << "an older wish";
  other = wish(a, 2, "");
  EXPECT_EQ(other.number, 3);
  EXPECT_EQ(other.reason, "");
  EXPECT_EQ(other.canary, "");
  EXPECT_EQ(expected(observe_fleet(*connection_)).account, other);
}

TEST_F(PostgresAccountTest, ThePauseOfADeadProcessIsTakenUpByOneLivingNode) {
  const auto a = expected(enter("a", uuid(), uuid()));
  const auto b = expected(enter("b", uuid(), uuid()));
  const auto c = expected(enter("c", uuid(), uuid()));
  const auto before = wish(a, 0, "unauthorized");
  die(a);
  EXPECT_EQ(wish(b, 1, "unauthorized").canary, b.instance);
  EXPECT_EQ(wish(c, 1, "unauthorized").canary, b.instance);
  EXPECT_EQ(wish(c, 2, "unauthorized").since, before.since);
  // A new process of the same node is another one.
  const auto again = expected(enter("b", b.spool, uuid(), FormerInstance{b.instance, {}}));
  EXPECT_EQ(wish(again, 2, "unauthorized").canary, again.instance);
}

TEST_F(PostgresAccountTest, ADeadProcessPausesNothing) {
  const auto a = expected(enter("a", uuid(), uuid()));
  die(a);
  Beat beat;
  beat.account = {0, "unauthorized"};
  EXPECT_FALSE(expected(send_beat(*connection_, a.node, a.instance, beat)));
  EXPECT_EQ(expected(observe_fleet(*connection_)).account, AccountPause());
}

TEST_F(PostgresAccountTest, TheFirstClaimsTheDatabaseForItsAccount) {
  EXPECT_EQ(expected(find_account(*connection_)), std::nullopt);
  EXPECT_EQ(expected(claim_account(*connection_, "one")), "one");
  EXPECT_EQ(expected(claim_account(*connection_, "another")), "one");
  EXPECT_EQ(expected(find_account(*connection_)), "one");
  const auto a = expected(enter("a", uuid(), uuid()));
  const auto refused = forget_account(*connection_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  ASSERT_TRUE(leave_fleet(*connection_, "a", a.instance));
  ASSERT_TRUE(forget_account(*connection_));
  EXPECT_EQ(expected(claim_account(*connection_, "another")), "another");
}

}  // namespace
}  // namespace attestrd::test
