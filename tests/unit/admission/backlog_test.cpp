#include "admission/backlog.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(Backlog, RecordsAndPollsInFlightTogetherReachTheBound) {
  Backlog backlog;
  EXPECT_TRUE(backlog.allows(limits::kUnsettledRecords - 1));
  EXPECT_FALSE(backlog.allows(limits::kUnsettledRecords));
  backlog.add(0);
  EXPECT_EQ(backlog.records(), 1U);
  EXPECT_FALSE(backlog.allows(limits::kUnsettledRecords - 1));
  EXPECT_TRUE(backlog.allows(limits::kUnsettledRecords - 2));
  backlog.remove(0);
  EXPECT_TRUE(backlog.allows(limits::kUnsettledRecords - 1));
}

TEST(Backlog, SoDoTheirBytes) {
  Backlog backlog;
  constexpr auto kHalf = static_cast<std::uint32_t>(limits::kUnsettledBytes / 2);
  backlog.add(kHalf);
  EXPECT_TRUE(backlog.allows(0));
  backlog.add(kHalf);
  EXPECT_FALSE(backlog.allows(0));
  backlog.remove(kHalf);
  EXPECT_TRUE(backlog.allows(0));
}

TEST(Backlog, HalfOfTheMemoryForAnswersBoundsTheirBytesToo) {
  Backlog backlog;
  backlog.set_memory(200);
  backlog.keep(99);
  EXPECT_TRUE(backlog.allows(0));
  backlog.add(1);
  EXPECT_EQ(backlog.bytes(), 100U);
  EXPECT_FALSE(backlog.allows(0));
  backlog.drop(99);
  EXPECT_TRUE(backlog.allows(0));
  backlog.remove(1);
  EXPECT_EQ(backlog.bytes(), 0U);
  backlog.set_memory(10 * limits::kUnsettledBytes);
  backlog.keep(limits::kUnsettledBytes);
  EXPECT_FALSE(backlog.allows(0));
}

TEST(Backlog, AFullDiskAndAnUnavailableQueueStopPollingEachOnItsOwn) {
  Backlog backlog;
  backlog.set_disk_full(true);
  EXPECT_FALSE(backlog.allows(0));
  backlog.set_queue_unavailable(true);
  backlog.set_disk_full(false);
  EXPECT_FALSE(backlog.allows(0));
  EXPECT_FALSE(backlog.can_be_written());
  EXPECT_FALSE(backlog.is_disk_full());
  EXPECT_TRUE(backlog.is_queue_unavailable());
  backlog.set_queue_unavailable(false);
  EXPECT_TRUE(backlog.allows(0));
}

}  // namespace
}  // namespace attestrd
