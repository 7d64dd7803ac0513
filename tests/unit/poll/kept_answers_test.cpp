#include "poll/kept_answers.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

KeptAnswers::Answer answer(std::size_t bytes) {
  return {Reason::invalid_signature, std::string(bytes, 'a'), "t", "r-1"};
}

bool none(std::uint32_t) { return false; }

TEST(KeptAnswers, KeepTheLastAnswerOfEachHandshake) {
  KeptAnswers kept;
  EXPECT_FALSE(kept.has(1));
  EXPECT_TRUE(kept.keep(1, answer(10), none));
  EXPECT_TRUE(kept.keep(1, answer(20), none));
  EXPECT_TRUE(kept.keep(2, answer(1), none));
  EXPECT_EQ(kept.bytes(), 21U);
  ASSERT_TRUE(kept.has(1));
  const auto taken = kept.take(1);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->body.size(), 20U);
  EXPECT_EQ(taken->reason, Reason::invalid_signature);
  EXPECT_FALSE(kept.take(1));
  kept.drop(2);
  EXPECT_EQ(kept.bytes(), 0U);
}

TEST(KeptAnswers, AreBoundedByAQuarterOfTheMemory) {
  KeptAnswers kept;
  kept.set_memory(400);
  EXPECT_FALSE(kept.keep(1, answer(101), none));
  EXPECT_TRUE(kept.keep(1, answer(60), none));
  EXPECT_FALSE(kept.keep(2, answer(60), none));
  EXPECT_TRUE(kept.keep(1, answer(100), none)) << "instead of its own";
  EXPECT_EQ(kept.bytes(), 100U);
}

TEST(KeptAnswers, MakeRoomOnlyIfTheyMust) {
  KeptAnswers kept;
  kept.set_memory(400);
  const auto first = [](std::uint32_t handshake) { return handshake == 1; };
  kept.keep(1, answer(40), none);
  EXPECT_TRUE(kept.keep(2, answer(60), first));
  EXPECT_TRUE(kept.has(1));
  EXPECT_TRUE(kept.keep(3, answer(40), first));
  EXPECT_FALSE(kept.has(1));
  EXPECT_EQ(kept.bytes(), 100U);
  EXPECT_FALSE(kept.keep(4, answer(1), first));
}

}  // namespace
}  // namespace attestrd
