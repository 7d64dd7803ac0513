#include "http/https_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>
#include <string>

// The other cases need a name server of the test: tests/e2e/silent_dns_test.py.

namespace attestrd {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

/// Returns the addresses of a host, as text.
std::vector<std::string> addresses_of(const std::string& host, Endpoint::Kind kind) {
  boost::asio::io_context loop;
  const auto addresses =
      std::make_shared<HttpsAddresses>(loop.get_executor(), Endpoint{host, 443, kind});
  std::vector<std::string> found;
  const auto find = [&]() -> boost::asio::awaitable<void> {
    const auto until = HttpsAddresses::Instant::clock::now() + 30s;
    const auto list = co_await addresses->find(until);
    EXPECT_TRUE(list) << list.error();
    if (!list) co_return;
    for (const auto& address : *list) found.push_back(address.address().to_string());
  };
  boost::asio::co_spawn(loop, find, boost::asio::detached);
  loop.run();
  return found;
}

TEST(HttpsAddressesTest, AnAddressIsItsOwn) {
  EXPECT_THAT(addresses_of("192.0.2.1", Endpoint::Kind::ipv4), ElementsAre("192.0.2.1"));
  EXPECT_THAT(addresses_of("2001:db8::1", Endpoint::Kind::ipv6), ElementsAre("2001:db8::1"));
}

TEST(HttpsAddressesTest, LocalhostIsTheLoopbackWithoutAQuestion) {
  for (const auto* const host : {"localhost", "attestr.localhost"})
    EXPECT_THAT(addresses_of(host, Endpoint::Kind::name), ElementsAre("127.0.0.1", "::1"));
}

}  // namespace
}  // namespace attestrd
