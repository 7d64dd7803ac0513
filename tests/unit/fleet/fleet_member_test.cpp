#include "fleet/fleet_member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr Duration kLease = 15s;

/// A fleet whose database is a vector of nodes.
class FleetMemberTest : public ::testing::Test {
 protected:
  void given(const std::vector<std::string>& names) {
    for (const auto& name : names) {
      FleetNode node;
      node.name = name;
      node.instance = "process of " + name;
      node.is_alive = true;
      for (std::int64_t i = 0; i < 16; ++i)
        node.shelves.push_back({std::ssize(nodes_) * 16 + i, 1});
      nodes_.push_back(std::move(node));
      members_.emplace(name, FleetMember(name, kLease));
    }
  }

  FleetNode& node(const std::string& name) {
    return *std::ranges::find(nodes_, name, &FleetNode::name);
  }

  FleetMember::Decision beats(const std::string& name) {
    FleetNode& self = node(name);
    if (self.is_alive) ++self.beat;
    auto decision = members_.at(name).beaten({now_, now_ + 1ms, self.is_alive, {nodes_}});
    for (const auto& dead : decision.dead)
      if (node(dead.name).beat == dead.beat) node(dead.name).is_alive = false;
    for (const auto& takeover : decision.takeovers) take_over(name, takeover);
    return decision;
  }

  void take_over(const std::string& name, const Takeover& takeover) {
    for (FleetNode& from : nodes_) {
      if (from.instance != takeover.instance) continue;
      if (std::erase(from.shelves, takeover.shelf) == 0) return;  // Another node was first.
      node(name).shelves.push_back({takeover.shelf.shelf, takeover.shelf.epoch + 1});
      return;
    }
  }

  /// Lets these nodes beat for some time, and no others.
  void only(const std::vector<std::string>& names, Duration time) {
    for (const Mono end = now_ + time; now_ < end; now_ += 5s)
      for (const auto& name : names) beats(name);
  }

  std::vector<FleetNode> nodes_;
  std::map<std::string, FleetMember> members_;
  Mono now_{1h};
};

TEST_F(FleetMemberTest, ABeatRenewsTheLeaseFromWhenItWasSent) {
  given({"a"});
  EXPECT_FALSE(members_.at("a").lease().holds(now_));
  beats("a");
  EXPECT_EQ(members_.at("a").lease().ends_at(), now_ + 13'500ms);
  EXPECT_EQ(members_.at("a").next_beat(now_), now_ + 5s);
}

TEST_F(FleetMemberTest, TheShelvesOfADeadNodeAreSharedWithinTwoLeases) {
  given({"a", "b", "c"});
  only({"a", "b", "c"}, 30s);
  only({"a", "c"}, 30s);
  EXPECT_FALSE(node("b").is_alive);
  EXPECT_THAT(node("b").shelves, IsEmpty());
  EXPECT_EQ(node("a").shelves.size(), 24U);
  EXPECT_EQ(node("c").shelves.size(), 24U);
  std::set<std::int64_t> all;
  for (const auto& its : nodes_)
    for (const auto& shelf : its.shelves) all.insert(shelf.shelf);
  EXPECT_EQ(all.size(), 48U);
}

TEST_F(FleetMemberTest, ASilentNodeIsJudgedAndReplacedEarly) {
  given({"a", "b", "c"});
  only({"a", "b", "c"}, 30s);
  const Mono seen_at = now_;  // a sees the last beat of b then.
  for (int i = 0; i < 20 && node("a").shelves.size() == 16U; ++i) {
    beats("a");
    ++node("c").beat;
    const Mono next = members_.at("a").next_beat(now_);
    ASSERT_GE(next, now_ + 500ms) << "no more than ten times the regular beats";
    ASSERT_LE(next, now_ + 5s);
    if (node("a").shelves.size() == 16U) now_ = next;
  }
  EXPECT_LE(now_, seen_at + 17'100ms);
  beats("a");
  EXPECT_EQ(members_.at("a").next_beat(now_), now_ + 5s) << "b does not live any more";
}

TEST_F(FleetMemberTest, ANodeThatWasDeclaredDeadBeginsAnew) {
  given({"a", "b"});
  only({"a", "b"}, 30s);
  only({"a"}, 30s);
  EXPECT_TRUE(beats("b").must_begin_anew);
  EXPECT_FALSE(members_.at("b").lease().holds(now_));
}

TEST_F(FleetMemberTest, WhatOneOfTheLivingDoesNotTakeAnotherTakesLater) {
  given({"a", "b", "c"});
  only({"a", "b", "c"}, 30s);
  for (const Mono end = now_ + 60s; now_ < end; now_ += 5s) {
    beats("a");
    ++node("c").beat;  // It lives, and takes nothing over.
  }
  EXPECT_FALSE(node("b").is_alive);
  EXPECT_EQ(node("a").shelves.size(), 32U);
}

}  // namespace
}  // namespace attestrd
