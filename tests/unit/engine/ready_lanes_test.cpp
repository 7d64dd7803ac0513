#include "engine/ready_lanes.h"

#include <gtest/gtest.h>

#include <vector>

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using Lane = ReadyLanes::Lane;

constexpr Mono kStart{1000h};

std::vector<ReadyLanes::Slot> pop_all(ReadyLanes& lanes) {
  std::vector<ReadyLanes::Slot> slots;
  while (!lanes.empty()) slots.push_back(lanes.pop());
  return slots;
}

TEST(ReadyLanes, OneLaneIsFirstInFirstOut) {
  ReadyLanes lanes;
  EXPECT_TRUE(lanes.empty());
  for (const ReadyLanes::Slot slot : {5U, 3U, 4U}) lanes.push(Lane::known, slot, kStart);
  EXPECT_FALSE(lanes.empty());
  EXPECT_EQ(pop_all(lanes), (std::vector<ReadyLanes::Slot>{5, 3, 4}));
}

TEST(ReadyLanes, LastPollsHaveEverySecondTurnAndTheOthersShareTheRest) {
  ReadyLanes lanes;
  for (ReadyLanes::Slot i = 0; i < 4; ++i) {
    lanes.push(Lane::known, 30 + i, kStart);
    lanes.push(Lane::fresh, 20 + i, kStart);
    lanes.push(Lane::last, 10 + i, kStart);
  }
  EXPECT_EQ(pop_all(lanes),
            (std::vector<ReadyLanes::Slot>{10, 20, 11, 30, 12, 21, 13, 31, 22, 32, 23, 33}));
}

TEST(ReadyLanes, AnEmptyLaneIsSkipped) {
  ReadyLanes lanes;
  lanes.push(Lane::fresh, 1, kStart);
  lanes.push(Lane::known, 2, kStart);
  EXPECT_EQ(lanes.pop(), 1U);
  lanes.push(Lane::fresh, 3, kStart);
  EXPECT_EQ(lanes.pop(), 2U) << "the lane of known ones is next, since no last poll waits";
  EXPECT_EQ(lanes.pop(), 3U);
}

TEST(ReadyLanes, TroubledOnesHaveATurnAndKnownOnesCanBeTakenAlone) {
  ReadyLanes lanes;
  for (ReadyLanes::Slot i = 0; i < 2; ++i) {
    lanes.push(Lane::troubled, 40 + i, kStart);
    lanes.push(Lane::known, 30 + i, kStart);
    lanes.push(Lane::fresh, 20 + i, kStart);
  }
  EXPECT_EQ(lanes.pop_known(), 30U);
  EXPECT_EQ(pop_all(lanes), (std::vector<ReadyLanes::Slot>{20, 31, 21, 40, 41}));
  EXPECT_FALSE(lanes.pop_known());
}

TEST(ReadyLanes, OthersArePoppedWhileLastPollsStay) {
  ReadyLanes lanes;
  lanes.push(Lane::last, 1, kStart);
  EXPECT_FALSE(lanes.pop_other());
  lanes.push(Lane::known, 2, kStart);
  lanes.push(Lane::fresh, 3, kStart);
  lanes.push(Lane::troubled, 4, kStart);
  EXPECT_EQ(lanes.pop_other(), 3U);
  EXPECT_EQ(lanes.pop_other(), 4U);
  EXPECT_EQ(lanes.pop_other(), 2U);
  EXPECT_FALSE(lanes.pop_other());
  EXPECT_EQ(lanes.pop(), 1U);
  EXPECT_TRUE(lanes.empty());
}

TEST(ReadyLanes, SomeAreRemovedAndTheOthersKeepTheirOrder) {
  ReadyLanes lanes;
  for (const ReadyLanes::Slot slot : {1, 2, 3, 4}) lanes.push(Lane::known, slot, kStart);
  lanes.push(Lane::last, 6, kStart);
  EXPECT_EQ(lanes.remove_if([](ReadyLanes::Slot slot) { return slot % 2 == 0; }),
            (std::vector<ReadyLanes::Slot>{6, 2, 4}));
  EXPECT_EQ(lanes.pop(), 1U);
  EXPECT_EQ(lanes.pop(), 3U);
  EXPECT_TRUE(lanes.empty());
}

TEST(ReadyLanes, TheOldestIsTheFirstOfAllLanes) {
  ReadyLanes lanes;
  EXPECT_FALSE(lanes.oldest());
  lanes.push(Lane::known, 1, kStart);
  lanes.push(Lane::last, 2, kStart + 1s);
  lanes.push(Lane::known, 3, kStart + 2s);
  EXPECT_EQ(lanes.oldest(), kStart);
  EXPECT_EQ(lanes.pop(), 2U);
  EXPECT_EQ(lanes.pop(), 1U);
  EXPECT_EQ(lanes.oldest(), kStart + 2s);
  EXPECT_EQ(lanes.pop(), 3U);
  EXPECT_FALSE(lanes.oldest());
}

TEST(ReadyLanes, TheOldestOfABatchStandsForItUntilTheBatchIsGone) {
  ReadyLanes lanes;
  for (const auto after : {0ms, 99ms, 150ms})
    lanes.push(Lane::known, static_cast<ReadyLanes::Slot>(after.count()), kStart + after);
  EXPECT_EQ(lanes.pop(), 0U);
  EXPECT_EQ(lanes.oldest(), kStart);
  EXPECT_EQ(lanes.pop(), 99U);
  EXPECT_EQ(lanes.oldest(), kStart + 150ms);
}

TEST(ReadyLanes, ARemovalKeepsTheTimesOfTheOthers) {
  ReadyLanes lanes;
  for (ReadyLanes::Slot i = 0; i < 4; ++i) lanes.push(Lane::known, i, kStart + i * 1s);
  lanes.remove_if([](ReadyLanes::Slot slot) { return slot % 2 == 0; });
  EXPECT_EQ(lanes.oldest(), kStart + 1s);
  EXPECT_EQ(lanes.pop(), 1U);
  EXPECT_EQ(lanes.oldest(), kStart + 3s);
}

}  // namespace
}  // namespace attestrd
