#include "files/posix_sync_times.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>
#include <vector>

#include "io/temporary_folder.h"
#include "metrics/metrics.h"
#include "queue/sqlite_queue.h"

namespace attestrd::test {
namespace {

std::uint64_t syncs() {
  const auto counts = sync_times().counts;
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

TEST(PosixSyncTimes, EachSyncOfAFileOrFolderIsCounted) {
  TemporaryFolder folder;
  const auto opened = folder.open();
  const auto before = syncs();
  ASSERT_TRUE(opened->create("a", "text"));
  EXPECT_EQ(syncs(), before + 1);
  ASSERT_TRUE(opened->sync());
  ASSERT_TRUE(opened->sync_all({}));
  EXPECT_EQ(syncs(), before + 3);
}

TEST(PosixSyncTimes, ACommitOfTheQueueIsCounted) {
  TemporaryFolder folder;
  const auto queue = SqliteQueue::open(folder.path("queue.db").string());
  ASSERT_TRUE(queue);
  const auto before = syncs();
  ASSERT_TRUE((*queue)->write({}, {}));
  EXPECT_EQ(syncs(), before + 1);
}

TEST(PosixSyncTimes, ASyncFallsIntoTheBucketOfItsTime) {
  const auto before = sync_times();
  {
    const TimedSync timed;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
  const auto after = sync_times();
  EXPECT_GE(after.sum_s, before.sum_s + 0.03);
  const auto first = std::ranges::mismatch(before.counts, after.counts).in1 - before.counts.begin();
  EXPECT_GT(SyncTimes::kBounds_s.at(static_cast<std::size_t>(first)), 0.03);
}

TEST(PosixSyncTimes, TheirBoundsAreThoseOfTheMetric) {
  const auto& row = metric_rows()[static_cast<std::size_t>(Metric::sync_duration)];
  EXPECT_TRUE(std::ranges::equal(row.bucket_bounds(), SyncTimes::kBounds_s));
}

}  // namespace
}  // namespace attestrd::test
