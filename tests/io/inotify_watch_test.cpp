#include "inbox/inotify_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>

#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using namespace std::chrono_literals;
using Kind = InboxEvent::Kind;

/// A fixture with a loop without timers, so that only the watch wakes it.
class InotifyWatchTest : public testing::Test {
 protected:
  InotifyWatchTest() { disk_.open("inbox/.claimed"); }

  Result<std::unique_ptr<InotifyWatch>> make(const std::string& inbox) {
    return InotifyWatch::make(loop_, disk_.path(inbox), disk_.path("inbox/.claimed"),
                              [this](std::vector<InboxEvent> events, bool) {
                                ++calls_;
                                std::ranges::move(events, std::back_inserter(events_));
                              });
  }

  /// Waits until an event of this kind and name was reported.
  void expect_told(Kind kind, const std::string& name) {
    const auto is_told = [&] {
      return std::ranges::any_of(events_, [&](const InboxEvent& event) {
        return event.kind == kind && event.name == name;
      });
    };
    const auto until = std::chrono::steady_clock::now() + 30s;
    loop_.restart();
    while (!is_told() && std::chrono::steady_clock::now() < until) loop_.run_one_for(1s);
    EXPECT_TRUE(is_told()) << name;
    events_.clear();
  }

  TemporaryFolder disk_;
  boost::asio::io_context loop_;
  int calls_ = 0;
  std::vector<InboxEvent> events_;
};

TEST_F(InotifyWatchTest, ReportsFilesAndTheirChanges) {
  const auto watch = make("inbox");
  ASSERT_TRUE(watch);
  disk_.write("inbox/closed after writing", "DS1\n");
  expect_told(Kind::changed, "closed after writing");
  std::filesystem::permissions(disk_.path("inbox/closed after writing"),
                               std::filesystem::perms::owner_read);
  expect_told(Kind::changed, "closed after writing");
  disk_.write("inbox/.hidden", "DS2\n");
  std::filesystem::rename(disk_.path("inbox/.hidden"), disk_.path("inbox/renamed"));
  expect_told(Kind::moved_in, "renamed");
}

TEST_F(InotifyWatchTest, ReportsThatAWriterClosesAClaimedFile) {
  const auto watch = make("inbox");
  ASSERT_TRUE(watch);
  std::ofstream writer(disk_.path("inbox/list"));
  std::filesystem::rename(disk_.path("inbox/list"), disk_.path("inbox/.claimed/1-list"));
  writer << "DS1\n";
  writer.close();
  expect_told(Kind::claimed, "1-list");
}

TEST_F(InotifyWatchTest, ABurstIsReportedOnce) {
  const auto watch = make("inbox");
  ASSERT_TRUE(watch);
  for (int i = 0; i < 100; ++i) disk_.write("inbox/" + std::to_string(i), "DS1\n");
  expect_told(Kind::changed, "99");
  loop_.run_for(50ms);
  EXPECT_LT(calls_, 10);
}

TEST_F(InotifyWatchTest, AMissingFolderCanNotBeWatched) { EXPECT_FALSE(make("nothing")); }

}  // namespace
}  // namespace attestrd::test
