#include "http/proxy/connect_request.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

using Kind = Endpoint::Kind;

std::string request(const Endpoint& server, std::string_view credentials = {}) {
  const auto bytes = connect_request(server, credentials);
  return {bytes.begin(), bytes.end()};
}

TEST(ConnectRequest, NamesHostAndPortTwice) {
  EXPECT_EQ(request({"api.attestr.com", 443, Kind::name}),
            "CONNECT api.attestr.com:443 HTTP/1.1\r\nHost: api.attestr.com:443\r\n\r\n");
}

TEST(ConnectRequest, BracketsAnIpv6Address) {
  EXPECT_EQ(request({"2001:db8::1", 8443, Kind::ipv6}),
            "CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n\r\n");
}

TEST(ConnectRequest, SendsCredentialsByBasic) {
  EXPECT_EQ(request({"h", 1, Kind::name}, "Aladdin:open sesame"),
            "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n"
            "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

}  // namespace
}  // namespace attestrd
