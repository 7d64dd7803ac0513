#include "fate.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace attestrd::simulator {
namespace {

FateRules fixed(double seconds) {
  FateRules rules;
  rules.law = Law::parse("fixed:" + std::to_string(seconds));
  return rules;
}

std::map<Outcome, int> outcomes_of_10000(const FateRules& rules) {
  std::map<Outcome, int> counts;
  for (int i = 0; i < 10'000; ++i) ++counts[fate_of(rules, "DS" + std::to_string(i)).outcome];
  return counts;
}

TEST(Fate, DependsOnSeedAndIdAlone) {
  FateRules rules;
  const std::string fate = describe("DS01", fate_of(rules, "DS01"));
  EXPECT_EQ(fate, describe("DS01", fate_of(rules, "DS01")));
  EXPECT_NE(fate_of(rules, "DS01").completes_s, fate_of(rules, "DS02").completes_s);
  rules.seed = 2;
  EXPECT_NE(fate, describe("DS01", fate_of(rules, "DS01")));
}

TEST(Fate, HasStandingsInOrder) {
  FateRules rules = fixed(10);
  rules.late_visible_share = 1;
  rules.late_visible_s = 2;
  rules.archive_after_s = 5;
  const Fate fate = fate_of(rules, "DS01");
  EXPECT_EQ(standing_at(fate, 1.9), Standing::unknown);
  EXPECT_EQ(standing_at(fate, 2), Standing::pending);
  EXPECT_EQ(standing_at(fate, 9.9), Standing::pending);
  EXPECT_EQ(standing_at(fate, 10), Standing::completed);
  EXPECT_EQ(standing_at(fate, 14.9), Standing::completed);
  EXPECT_EQ(standing_at(fate, 15), Standing::archived);
  EXPECT_EQ(describe("DS01", fate), "DS01 completes 10.000 15.000");
}

TEST(Fate, NeverFinishedStaysPending) {
  FateRules rules = fixed(10);
  rules.never_share = 1;
  const Fate fate = fate_of(rules, "DS01");
  EXPECT_EQ(standing_at(fate, 1e9), Standing::pending);
  EXPECT_EQ(describe("DS01", fate), "DS01 never - -");
}

TEST(Fate, UnfinishedHandshakeExpires) {
  FateRules rules = fixed(10);
  rules.expire_after_s = 9;
  const Fate fate = fate_of(rules, "DS01");
  EXPECT_EQ(standing_at(fate, 20), Standing::pending);
  EXPECT_EQ(describe("DS01", fate), "DS01 expired 9.000 -");
  rules.expire_after_s = 11;
  EXPECT_EQ(fate_of(rules, "DS01").outcome, Outcome::completes);
}

TEST(Fate, ArchivedAtCompletionHasNoResult) {
  FateRules rules = fixed(10);
  rules.archive_after_s = 0;
  const Fate fate = fate_of(rules, "DS01");
  EXPECT_EQ(standing_at(fate, 10), Standing::archived);
  EXPECT_EQ(describe("DS01", fate), "DS01 archived 10.000 10.000");
}

TEST(Fate, UnlistedIdsAreUnknown) {
  FateRules rules = fixed(10);
  rules.known = {"DS01"};
  EXPECT_EQ(fate_of(rules, "DS01").outcome, Outcome::completes);
  EXPECT_EQ(describe("DS02", fate_of(rules, "DS02")), "DS02 unknown - -");
  EXPECT_EQ(standing_at(fate_of(rules, "DS02"), 1e9), Standing::unknown);
}

TEST(Fate, SharesAreIndependent) {
  FateRules rules = fixed(10);
  rules.unknown_share = 0.1;
  rules.never_share = 0.2;
  rules.forged_share = 0.3;
  std::map<Outcome, int> counts = outcomes_of_10000(rules);
  EXPECT_NEAR(counts[Outcome::unknown], 1000, 120);
  EXPECT_NEAR(counts[Outcome::never], 0.9 * 2000, 160);
  EXPECT_NEAR(counts[Outcome::forged], 0.9 * 0.8 * 3000, 170);
}

TEST(Fate, ValidatesIds) {
  EXPECT_TRUE(is_handshake_id("DS02zfeuv6n4gkq51hvw6"));
  EXPECT_TRUE(is_handshake_id("_-"));
  EXPECT_TRUE(is_handshake_id(std::string(64, 'a')));
  for (const std::string& text : {std::string(), std::string(65, 'a'), std::string("a/b"),
                                  std::string("a%20"), std::string("a?b"), std::string("é")})
    EXPECT_FALSE(is_handshake_id(text)) << text;
}

}  // namespace
}  // namespace attestrd::simulator
