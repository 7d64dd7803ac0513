#include "daemon/service/signals.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

class SignalsTest : public ::testing::Test {
 protected:
  void raise_and_wait(int signal) {
    const auto before = events_.size();
    std::raise(signal);
    // Runs the loop more than once: Asio counts the read from its own pipe as a handler.
    while (events_.size() == before) ASSERT_NE(loop_.run_one_for(10s), 0U);
  }

  boost::asio::io_context loop_;
  std::string events_;
  Signals signals_{loop_, [this] { events_ += "stop "; }, [this] { events_ += "reload "; }};
};

TEST_F(SignalsTest, BecomeEventsOfTheLoop) {
  for (const int signal : {SIGHUP, SIGTERM, SIGINT, SIGHUP}) raise_and_wait(signal);
  EXPECT_EQ(events_, "reload stop stop reload ");
}

TEST(SignalsStartTest, ASignalBeforeTheStartBecomesAnEventToo) {
  hold_signals();
  std::raise(SIGHUP);
  boost::asio::io_context loop;
  bool is_reloaded = false;
  const Signals signals(
      loop, [] { FAIL(); }, [&is_reloaded] { is_reloaded = true; });
  while (!is_reloaded) ASSERT_NE(loop.run_one_for(10s), 0U);
}

TEST(SignalsEndTest, ASignalAfterTheEndDoesNotKillTheProcess) {
  boost::asio::io_context loop;
  {
    const Signals signals(
        loop, [] { FAIL(); }, [] { FAIL(); });
  }
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) std::raise(signal);
}

}  // namespace
}  // namespace attestrd
