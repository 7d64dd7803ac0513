#include "signals.h"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace attestrd {
namespace {

TEST(Signals, BecomeEventsOfTheLoop) {
  boost::asio::io_context loop;
  std::string events;
  Signals signals(loop, [&events] { events += "stop "; }, [&events] { events += "reload "; });
  for (const int signal : {SIGHUP, SIGTERM, SIGINT, SIGHUP}) {
    std::raise(signal);
    loop.run_one();
  }
  EXPECT_EQ(events, "reload stop stop reload ");

  signals.stop_waiting();
  loop.run();  // Comes to its end.
}

}  // namespace
}  // namespace attestrd
