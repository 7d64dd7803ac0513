#include "inbox/inotify_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using namespace std::chrono_literals;

/// A fixture with a loop without timers, so that only the watch wakes it.
class InotifyWatchTest : public testing::Test {
 protected:
  void expect_told() {
    loop_.restart();
    told_ = 0;
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (told_ == 0 && std::chrono::steady_clock::now() < until) loop_.run_one_for(1s);
    EXPECT_GT(told_, 0);
  }

  TemporaryFolder disk_;
  boost::asio::io_context loop_;
  int told_ = 0;
};

TEST_F(InotifyWatchTest, ReportsNewFiles) {
  const auto watch = InotifyWatch::make(loop_, disk_.path(), [this] { ++told_; });
  ASSERT_TRUE(watch);
  disk_.write("closed after writing", "DS1\n");
  expect_told();
  disk_.write(".hidden", "DS2\n");
  expect_told();
  std::filesystem::rename(disk_.path(".hidden"), disk_.path("renamed"));
  expect_told();
}

TEST_F(InotifyWatchTest, ABurstIsReportedOnce) {
  const auto watch = InotifyWatch::make(loop_, disk_.path(), [this] { ++told_; });
  ASSERT_TRUE(watch);
  for (int i = 0; i < 100; ++i) disk_.write(std::to_string(i), "DS1\n");
  expect_told();
  loop_.run_for(50ms);
  EXPECT_LT(told_, 10);
}

TEST_F(InotifyWatchTest, AMissingFolderCanNotBeWatched) {
  EXPECT_FALSE(InotifyWatch::make(loop_, disk_.path("nothing"), [] {}));
}

}  // namespace
}  // namespace attestrd::test
