#include "daemon/service/chores.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(Chores, RunAtTheStartAndThenAtTheirIntervals) {
  boost::asio::io_context loop;
  Chores chores(loop);
  std::string done;
  chores.add(1h, [&done] { done += "rare "; });
  chores.add(1ms, [&] {
    done += "often ";
    if (done == "rare often often often ") loop.stop();
  });
  EXPECT_EQ(done, "");
  chores.start();
  EXPECT_EQ(done, "rare often ");
  loop.run();
  EXPECT_EQ(done, "rare often often often ");
}

TEST(CallAfter, ResettingOrCancellingATimerDropsTheOldCall) {
  boost::asio::io_context loop;
  boost::asio::steady_timer timer(loop);
  std::string called;
  call_after(timer, 0s, [&called] { called += "first "; });
  call_after(timer, 0s, [&called] { called += "second "; });
  loop.run();
  EXPECT_EQ(called, "second ");
  loop.restart();
  call_after(timer, 0s, [&called] { called += "third "; });
  timer.cancel();
  loop.run();
  EXPECT_EQ(called, "second ");
}

}  // namespace
}  // namespace attestrd
