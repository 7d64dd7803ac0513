#include "fleet/rate_shares.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace attestrd {
namespace {

std::vector<FleetNode> nodes_with(const std::vector<std::int64_t>& weights) {
  std::vector<FleetNode> nodes;
  for (const auto weight : weights) {
    FleetNode node;
    node.name = "node" + std::to_string(100 + nodes.size());
    node.is_alive = true;
    node.weight = weight;
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::vector<std::int64_t> shares(const std::vector<FleetNode>& nodes, std::int64_t limit,
                                 std::uint64_t turn) {
  std::vector<std::int64_t> shares;
  for (const auto& node : nodes) shares.push_back(wanted_shares(nodes, node.name, limit, turn));
  return shares;
}

TEST(RateSharesTest, TheSharesAreTheLimitTogetherWhateverTheWeights) {
  const std::vector<std::vector<std::int64_t>> fleets = {
      {1}, {1, 1}, {0, 1, 7}, {1'000'000, 1, 1}, std::vector<std::int64_t>(16, 1)};
  for (const auto& weights : fleets)
    for (const std::int64_t limit : {0, 1, 7, 20, 80'000})
      for (std::uint64_t turn = 0; turn < 50; ++turn) {
        const auto all = shares(nodes_with(weights), limit, turn);
        EXPECT_EQ(std::accumulate(all.begin(), all.end(), std::int64_t{0}), limit);
      }
}

TEST(RateSharesTest, EachShareIsTheExactOneRoundedUpOrDown) {
  const auto nodes = nodes_with({3, 1, 1});
  for (std::uint64_t turn = 0; turn < 50; ++turn) {
    const auto all = shares(nodes, 21, turn);
    EXPECT_TRUE(all[0] == 12 || all[0] == 13) << all[0];
    EXPECT_TRUE(all[1] == 4 || all[1] == 5) << all[1];
  }
}

TEST(RateSharesTest, AlsoANodeWithLessThanOneRequestASecondHasItsTurn) {
  auto nodes = nodes_with(std::vector<std::int64_t>(40, 1));
  nodes[7].weight = 1000;
  std::vector<std::int64_t> sums(nodes.size());
  constexpr int kTurns = 5000;
  for (std::uint64_t turn = 0; turn < kTurns; ++turn) {
    const auto all = shares(nodes, 20, turn);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += all[i];
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double exact = 20.0 * static_cast<double>(nodes[i].weight) / 1039 * kTurns;
    EXPECT_NEAR(static_cast<double>(sums[i]), exact, exact * 0.1 + 1) << i;
  }
}

TEST(RateSharesTest, ADeadNodeGetsNothing) {
  auto nodes = nodes_with({1, 1});
  nodes[0].is_alive = false;
  EXPECT_EQ(wanted_shares(nodes, nodes[0].name, 20, 3), 0);
  EXPECT_EQ(wanted_shares(nodes, nodes[1].name, 20, 3), 20);
  EXPECT_EQ(wanted_shares(nodes, "another", 20, 3), 0);
}

TEST(RateSharesTest, TheLowestLimitOfALivingNodeHolds) {
  auto nodes = nodes_with({1, 1, 1});
  EXPECT_EQ(fleet_limit(nodes), std::nullopt);
  nodes[0].rate_limit = 20;
  nodes[2].rate_limit = 5;
  EXPECT_EQ(fleet_limit(nodes), 5);
  nodes[2].is_alive = false;
  EXPECT_EQ(fleet_limit(nodes), 20);
}

TEST(RateSharesTest, ALimitOfLessThanOneASecondIsOneShare) {
  EXPECT_EQ(shares_of(20.9), 20);
  EXPECT_EQ(rate_of(3, 20.9), 3);
  EXPECT_EQ(time_of_share(20.9), std::chrono::seconds(1));
  EXPECT_EQ(shares_of(0.2), 1);
  EXPECT_EQ(rate_of(1, 0.2), 0.2);
  EXPECT_EQ(rate_of(0, 0.2), 0);
  EXPECT_EQ(time_of_share(0.2), std::chrono::seconds(5));
}

}  // namespace
}  // namespace attestrd
