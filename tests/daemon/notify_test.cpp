#include "daemon/service/notify.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <string>
#include <vector>

#include "temporary_folder.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using Datagrams = boost::asio::local::datagram_protocol;

/// A fixture with the notification socket of systemd.
class NotifyTest : public testing::Test {
 protected:
  NotifyTest() : socket_(loop_, Datagrams::endpoint((folder_.path() / "notify").string())) {
    ::setenv("NOTIFY_SOCKET", (folder_.path() / "notify").c_str(), 1);
  }
  ~NotifyTest() override {
    for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }

  std::string next_datagram() {
    std::array<char, 512> room{};
    return {room.data(), socket_.receive(boost::asio::buffer(room))};
  }

  TemporaryFolder folder_;
  boost::asio::io_context loop_;
  Datagrams::socket socket_;
  Notifier notifier_;
};

TEST_F(NotifyTest, ReportsEachStage) {
  notifier_.ready();
  EXPECT_EQ(next_datagram(), "READY=1");
  notifier_.status("3 pending");
  EXPECT_EQ(next_datagram(), "STATUS=3 pending");
  notifier_.feed_watchdog();
  EXPECT_EQ(next_datagram(), "WATCHDOG=1");
  notifier_.stopping();
  EXPECT_EQ(next_datagram(), "STOPPING=1");
}

TEST_F(NotifyTest, ReportsAReloadAndItsTimeInOneDatagram) {
  notifier_.reloading();
  const auto datagram = next_datagram();
  ASSERT_TRUE(datagram.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << datagram;
  EXPECT_GT(std::stoll(datagram.substr(datagram.rfind('=') + 1)), 0);
}

TEST_F(NotifyTest, AReloadThatEndsDuringTheStopIsNotReported) {
  notifier_.reloading();
  next_datagram();
  notifier_.stopping();
  notifier_.ready();
  notifier_.reloading();
  EXPECT_EQ(next_datagram(), "STOPPING=1");
  EXPECT_EQ(socket_.available(), 0u);
}

TEST_F(NotifyTest, SendsAStatusOnlyWhenItHasChanged) {
  for (const auto* text : {"1 pending", "1 pending", "2 pending", "1 pending"})
    notifier_.status(text);
  EXPECT_EQ(next_datagram(), "STATUS=1 pending");
  EXPECT_EQ(next_datagram(), "STATUS=2 pending");
  EXPECT_EQ(next_datagram(), "STATUS=1 pending");
  EXPECT_EQ(socket_.available(), 0u);
}

TEST_F(NotifyTest, NeverWaitsForAReceiverThatDoesNotRead) {
  constexpr int kMoreThanTheReceiverHolds = 1000;
  for (int i = 0; i < kMoreThanTheReceiverHolds; ++i) {
    notifier_.status(std::to_string(i));
    notifier_.feed_watchdog();
    notifier_.reloading();
    notifier_.ready();
  }
  std::vector<std::string> datagrams;
  while (socket_.available() > 0) datagrams.push_back(next_datagram());
  EXPECT_LT(datagrams.size(), std::size_t{kMoreThanTheReceiverHolds});
}

TEST_F(NotifyTest, SendsLaterWhatTheReceiverHadNoRoomFor) {
  for (int i = 0; i < 1000; ++i) notifier_.feed_watchdog();
  notifier_.status("1 pending");
  notifier_.reloading();
  notifier_.ready();
  notifier_.status("2 pending");
  while (socket_.available() > 0) EXPECT_EQ(next_datagram(), "WATCHDOG=1");
  notifier_.status("2 pending");
  EXPECT_TRUE(next_datagram().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(next_datagram(), "READY=1");
  EXPECT_EQ(next_datagram(), "STATUS=2 pending");
  EXPECT_EQ(socket_.available(), 0u);
}

TEST_F(NotifyTest, KnowsAbstractAddresses) {
  const std::string name = "attestrd-notify-test-" + std::to_string(::getpid());
  Datagrams::socket abstract(loop_, Datagrams::endpoint('\0' + name));
  ::setenv("NOTIFY_SOCKET", ('@' + name).c_str(), 1);
  notifier_.ready();
  EXPECT_EQ(abstract.available(), 7u);
}

TEST_F(NotifyTest, FeedsTheWatchdogAtHalfOfItsInterval) {
  EXPECT_EQ(notifier_.watchdog_interval(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(notifier_.watchdog_interval(), 15s);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(notifier_.watchdog_interval(), std::nullopt) << "it is of another process";
  ::unsetenv("WATCHDOG_PID");
  for (const auto* value : {"", "0", "-1", "30s"}) {
    ::setenv("WATCHDOG_USEC", value, 1);
    EXPECT_EQ(notifier_.watchdog_interval(), std::nullopt) << value;
  }
}

TEST_F(NotifyTest, SendsNothingWithoutANotificationSocket) {
  ::unsetenv("NOTIFY_SOCKET");
  notifier_.ready();
  EXPECT_EQ(socket_.available(), 0u);
}

}  // namespace
}  // namespace attestrd
