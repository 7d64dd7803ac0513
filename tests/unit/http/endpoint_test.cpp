#include "http/endpoint.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace attestrd {
namespace {

using Kind = Endpoint::Kind;

Endpoint parsed(std::string_view url) {
  const auto endpoint = parse_endpoint(url);
  EXPECT_TRUE(endpoint.has_value()) << url << ": " << endpoint.error().message;
  return endpoint ? *endpoint : Endpoint{};
}

std::string refusal_of(std::string_view url) {
  const auto endpoint = parse_endpoint(url);
  EXPECT_TRUE(endpoint.has_error()) << url;
  if (endpoint) return "";
  EXPECT_EQ(endpoint.error().code, Errc::invalid_config);
  return endpoint.error().message;
}

TEST(Endpoint, AcceptsAName) {
  EXPECT_EQ(parsed("https://api.attestr.com"), (Endpoint{"api.attestr.com", 443, Kind::name}));
  EXPECT_EQ(parsed("https://localhost"), (Endpoint{"localhost", 443, Kind::name}));
  EXPECT_EQ(parsed("https://xn--mnchen-3ya.example"),
            (Endpoint{"xn--mnchen-3ya.example", 443, Kind::name}));
}

TEST(Endpoint, AcceptsAPort) {
  EXPECT_EQ(parsed("https://api.attestr.com:8443").port, 8443);
  EXPECT_EQ(parsed("https://api.attestr.com:1").port, 1);
  EXPECT_EQ(parsed("https://api.attestr.com:65535").port, 65535);
}

TEST(Endpoint, AcceptsAddresses) {
  EXPECT_EQ(parsed("https://127.0.0.1:8443"), (Endpoint{"127.0.0.1", 8443, Kind::ipv4}));
  EXPECT_EQ(parsed("https://[::1]"), (Endpoint{"::1", 443, Kind::ipv6}));
  EXPECT_EQ(parsed("https://[2001:DB8::A]:9"), (Endpoint{"2001:db8::a", 9, Kind::ipv6}));
}

TEST(Endpoint, IgnoresCase) {
  EXPECT_EQ(parsed("HTTPS://API.Attestr.COM"), parsed("https://api.attestr.com"));
}

TEST(Endpoint, AcceptsOneTrailingSlash) {
  EXPECT_EQ(parsed("https://api.attestr.com/"), parsed("https://api.attestr.com"));
  EXPECT_EQ(parsed("https://[::1]:8443/"), parsed("https://[::1]:8443"));
}

TEST(Proxy, IsAHostWithAPort) {
  EXPECT_EQ(*parse_proxy("http://proxy.example.com:3128"),
            (Endpoint{"proxy.example.com", 3128, Kind::name}));
  EXPECT_EQ(*parse_proxy("HTTP://10.0.0.1:8080/"), (Endpoint{"10.0.0.1", 8080, Kind::ipv4}));
  EXPECT_EQ(*parse_proxy("http://[2001:db8::1]:80"), (Endpoint{"2001:db8::1", 80, Kind::ipv6}));
}

TEST(Proxy, RefusesEverythingElse) {
  const auto refusal = [](std::string_view url) {
    const auto proxy = parse_proxy(url);
    return proxy ? std::string("(taken)") : proxy.error().message;
  };
  for (const auto* url : {"https://proxy:3128", "proxy:3128", "socks5://proxy:1080", ""})
    EXPECT_EQ(refusal(url),
              "api.proxy: must begin with http://: the tunnel through the proxy is encrypted");
  EXPECT_EQ(refusal("http://user:secret@proxy:3128"),
            "api.proxy: must not hold a user or a password; these belong in api.proxy_auth_file");
  for (const auto* url : {"http://proxy", "http://[2001:db8::1]", "http://10.0.0.1/"})
    EXPECT_EQ(refusal(url), "api.proxy: must end with a port, as in http://proxy.example.com:3128");
  EXPECT_EQ(refusal("http://proxy:0"),
            "api.proxy: behind the host may only stand a port, e.g. :8443, from 1 to 65535");
  EXPECT_EQ(refusal("http://proxy:3128/path"),
            "api.proxy: must end behind the host or the port: no path, no query, no fragment");
}

TEST(Endpoint, RefusesOtherSchemesThanHttps) {
  for (const auto* url : {"", "api.attestr.com", "http://api.attestr.com", "https:/api.attestr.com",
                          "https//api.attestr.com", " https://api.attestr.com"}) {
    EXPECT_EQ(refusal_of(url), "api.url: must begin with https://") << url;
  }
}

TEST(Endpoint, RefusesAnEmptyHost) {
  for (const auto* url : {"https://", "https:///", "https://:443"}) {
    EXPECT_EQ(refusal_of(url), "api.url: has no host") << url;
  }
  refusal_of("https://[]");
}

TEST(Endpoint, RefusesAPathAQueryAndAFragment) {
  for (const auto* url :
       {"https://a.example/api", "https://a.example//", "https://a.example?x=y",
        "https://a.example#x", "https://a.example:443/api/", "https://a.example?/"}) {
    EXPECT_NE(refusal_of(url).find("no path, no query, no fragment"), std::string::npos) << url;
  }
}

TEST(Endpoint, RefusesBadNames) {
  const std::string long_label(64, 'a');
  std::string long_name;
  while (long_name.size() < 254) long_name += "aaaaaaaaa.";
  for (const std::string host :
       {"a..b", ".a", "a.", "-a.example", "a-.example", "a_b.example", "a b", "a%20b", "m\xc3\xbcn",
        "a\\b", "::1", "[::1", "[::1]x", "[a.example]", "[fe80::1%eth0]", "[1.2.3.4]"}) {
    refusal_of("https://" + host);
  }
  refusal_of("https://" + long_label);
  refusal_of("https://" + long_name + "a");
  using namespace std::string_view_literals;
  for (const auto url : {"https://a\0b"sv, "https://127.0.0.1\0b"sv, "https://[::1\0b]"sv}) {
    refusal_of(url);
  }
}

TEST(Endpoint, RefusesNamesThatResolversReadAsAddresses) {
  for (const auto* url : {"https://127.1", "https://2130706433", "https://10.0.0.256",
                          "https://1.2.3.4.5", "https://01.2.3.4"}) {
    refusal_of(url);
  }
}

TEST(Endpoint, RefusesBadPorts) {
  for (const auto* port : {":", ":0", ":65536", ":-1", ":+1", ": 1", ":1a", ":443:443"}) {
    EXPECT_NE(refusal_of(std::string("https://a.example") + port).find("port"), std::string::npos);
    EXPECT_NE(refusal_of(std::string("https://[::1]") + port).find("port"), std::string::npos);
  }
}

TEST(Endpoint, RefusesAPasswordAndNeverQuotesIt) {
  const auto message = refusal_of("https://user:hunter2@a.example");
  EXPECT_NE(message.find("password"), std::string::npos);
  EXPECT_EQ(message.find("hunter2"), std::string::npos);
  EXPECT_EQ(refusal_of("https://a.example?key=hunter2").find("hunter2"), std::string::npos);
  EXPECT_EQ(refusal_of("https://a.example:hunter2").find("hunter2"), std::string::npos);
}

TEST(Endpoint, AuthorityOmitsTheDefaultPort) {
  EXPECT_EQ(authority_of(parsed("https://api.attestr.com:443")), "api.attestr.com");
  EXPECT_EQ(authority_of(parsed("https://api.attestr.com:8443")), "api.attestr.com:8443");
  EXPECT_EQ(authority_of(parsed("https://[::1]")), "[::1]");
  EXPECT_EQ(authority_of(parsed("https://[::1]:8443")), "[::1]:8443");
}

}  // namespace
}  // namespace attestrd
