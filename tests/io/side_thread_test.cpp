#include "runtime/side_thread.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <vector>

namespace attestrd {
namespace {

class SideThreadTest : public ::testing::Test {
 protected:
  boost::asio::io_context loop_{1};
  std::optional<SideThread> thread_{loop_.get_executor()};
};

TEST_F(SideThreadTest, WorksOnAThreadAndFinishesOnTheLoop) {
  std::thread::id worked_on, finished_on;
  thread_->run([&] { worked_on = std::this_thread::get_id(); },
               [&] { finished_on = std::this_thread::get_id(); });
  loop_.run();
  EXPECT_EQ(finished_on, std::this_thread::get_id());
  EXPECT_NE(worked_on, finished_on);
  EXPECT_NE(worked_on, std::thread::id());
}

TEST_F(SideThreadTest, DoesOnePieceAfterAnother) {
  std::vector<int> order;
  for (int i = 0; i < 10; ++i) thread_->run([&order, i] { order.push_back(i); }, [] {});
  loop_.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_F(SideThreadTest, ItsEndWaitsForTheWorkInProgressAndDropsTheRest) {
  std::promise<void> begun, may_end;
  std::atomic<bool> has_ended = false;
  int others = 0;
  thread_->run(
      [&] {
        begun.set_value();
        may_end.get_future().wait();
        has_ended = true;
      },
      [] {});
  begun.get_future().wait();
  constexpr int kOthers = 1000;
  const auto work = [&others] {
    ++others;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  for (int i = 0; i < kOthers; ++i) thread_->run(work, [] {});
  may_end.set_value();
  thread_.reset();
  EXPECT_TRUE(has_ended);
  EXPECT_LT(others, kOthers);
}

}  // namespace
}  // namespace attestrd
