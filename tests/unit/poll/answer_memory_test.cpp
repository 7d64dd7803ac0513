#include "poll/answer_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "base/prng.h"

namespace attestrd {
namespace {

using testing::ElementsAre;

class AnswerMemoryTest : public testing::Test {
 protected:
  AnswerMemoryTest() { memory_.set_limit(100); }

  void claim(std::size_t owner, std::size_t bytes) {
    memory_.claim(&owners_.at(owner), bytes, [this, owner] { granted_.push_back(owner); });
  }
  void give_back(std::size_t owner) { memory_.give_back(&owners_.at(owner)); }

  AnswerMemory memory_;
  std::array<char, 64> owners_{};
  std::vector<std::size_t> granted_;
};

TEST_F(AnswerMemoryTest, GrantsClaimsThatFitAtOnce) {
  claim(1, 60);
  claim(2, 40);
  EXPECT_THAT(granted_, ElementsAre(1, 2));
  EXPECT_TRUE(memory_.has(&owners_[1]));
  EXPECT_FALSE(memory_.has(&owners_[3]));
}

TEST_F(AnswerMemoryTest, GrantsTheOthersInTheirOrder) {
  claim(1, 60);
  claim(2, 60);
  claim(3, 10);
  EXPECT_THAT(granted_, ElementsAre(1)) << "a small claim does not overtake a large one";
  give_back(1);
  EXPECT_THAT(granted_, ElementsAre(1, 2, 3));
}

TEST_F(AnswerMemoryTest, AClaimMayBeGivenBackBeforeItIsGranted) {
  claim(1, 60);
  claim(2, 60);
  claim(3, 10);
  give_back(2);
  EXPECT_THAT(granted_, ElementsAre(1, 3));
  EXPECT_FALSE(memory_.has(&owners_[2]));
}

TEST_F(AnswerMemoryTest, AnswersThatAreKeptCountToo) {
  memory_.set_kept(60);
  claim(1, 41);
  EXPECT_THAT(granted_, ElementsAre());
  memory_.set_kept(59);
  EXPECT_THAT(granted_, ElementsAre(1));
}

TEST_F(AnswerMemoryTest, TheLargestClaimNeedsNoMoreThanHalfOfTheLimitFree) {
  memory_.set_kept(50);
  claim(1, 100);
  EXPECT_THAT(granted_, ElementsAre(1)) << "there are always some small answers kept";
  memory_.set_kept(0);
  claim(2, 1);
  EXPECT_THAT(granted_, ElementsAre(1));
}

TEST_F(AnswerMemoryTest, ANewLimitHoldsAtOnce) {
  claim(1, 60);
  claim(2, 60);
  memory_.set_limit(120);
  EXPECT_THAT(granted_, ElementsAre(1, 2));
  memory_.set_limit(10);
  claim(3, 1);
  give_back(1);
  EXPECT_THAT(granted_, ElementsAre(1, 2));
  give_back(2);
  EXPECT_THAT(granted_, ElementsAre(1, 2, 3));
}

TEST_F(AnswerMemoryTest, ClearDropsAllClaims) {
  claim(1, 100);
  claim(2, 100);
  memory_.clear();
  EXPECT_FALSE(memory_.has(&owners_[1]));
  claim(3, 100);
  EXPECT_THAT(granted_, ElementsAre(1, 3));
}

// Whatever is claimed, kept and given back in any order: the memory is bounded, and every claim is
// granted once those before it are given back.
TEST_F(AnswerMemoryTest, NoClaimWaitsForEverAndTheBoundHolds) {
  Prng prng(7);
  std::array<std::size_t, 64> bytes{};
  std::size_t kept = 0;
  const auto used = [&] {
    std::size_t sum = kept;
    for (const auto owner : granted_)
      if (memory_.has(&owners_[owner])) sum += bytes[owner];
    return sum;
  };
  for (int round = 0; round < 2000; ++round) {
    const std::size_t owner = prng.next() % owners_.size();
    if (memory_.has(&owners_[owner])) {
      give_back(owner);
      std::erase(granted_, owner);
    } else {
      bytes[owner] = 1 + prng.next() % 100;
      claim(owner, bytes[owner]);
    }
    if (used() <= 100 && prng.next() % 4 == 0) memory_.set_kept(kept = prng.next() % 51);
    EXPECT_LE(used(), 150U);
  }
  kept = 0;
  memory_.set_kept(0);
  for (std::size_t left = owners_.size(); left-- > 0;) {
    const auto held = std::ranges::find_if(
        granted_, [this](std::size_t owner) { return memory_.has(&owners_[owner]); });
    if (held == granted_.end()) break;
    give_back(*held);
  }
  for (const char& owner : owners_) EXPECT_FALSE(memory_.has(&owner)) << "waits for ever";
}

}  // namespace
}  // namespace attestrd
