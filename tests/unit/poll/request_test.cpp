#include "poll/request.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace attestrd {
namespace {

const Endpoint kAttestr{"api.attestr.com", 443, Endpoint::Kind::name};

HandshakeId id(std::string_view text) { return HandshakeId::parse(text).value(); }

Result<Request> make(std::string_view version, std::string token) {
  return Request::make(kAttestr, version, Secret(std::move(token)), "attestrd/0.1.0");
}

TEST(Request, IsTheCallOfTheDocument) {
  auto request = make("v1", "a2V5OnNlY3JldA==");
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->text_for(id("DS02zfeuv6n4gkq51hvw6")),
            "GET /api/v1/public/flowx/handshake/DS02zfeuv6n4gkq51hvw6 HTTP/1.1\r\n"
            "Host: api.attestr.com\r\n"
            "User-Agent: attestrd/0.1.0\r\n"
            "Accept: application/json\r\n"
            "Accept-Encoding: identity\r\n"
            "Content-Type: application/json\r\n"
            "Authorization: Basic a2V5OnNlY3JldA==\r\n"
            "\r\n");
}

TEST(Request, AcceptsIdsOfEveryLengthOneAfterAnother) {
  auto request = make("v1", "dG9rZW4=");
  ASSERT_TRUE(request.has_value());
  const std::string end(request->text_for(id("x")).substr(36));
  for (const std::size_t length : {64u, 1u, 63u, 2u, 64u}) {
    const std::string name(length, 'a');
    EXPECT_EQ(request->text_for(id(name)), "GET /api/v1/public/flowx/handshake/" + name + end);
  }
}

TEST(Request, ACopyHasItsOwnId) {
  auto request = make("v1", "dG9rZW4=");
  ASSERT_TRUE(request.has_value());
  const auto text = request->text_for(id("first"));
  Request copy(*request);
  EXPECT_NE(copy.text_for(id("other")), text);
  EXPECT_EQ(request->text_for(id("first")), text);
}

TEST(Request, HostNamesThePort) {
  const Endpoint endpoint{"::1", 8443, Endpoint::Kind::ipv6};
  auto request = Request::make(endpoint, "v2", Secret("dG9rZW4="), "attestrd/0.1.0");
  ASSERT_TRUE(request.has_value());
  const auto text = request->text_for(id("DS1"));
  EXPECT_TRUE(text.starts_with("GET /api/v2/public/flowx/handshake/DS1 HTTP/1.1\r\n"));
  EXPECT_NE(text.find("\r\nHost: [::1]:8443\r\n"), text.npos);
}

TEST(Request, RefusesATokenThatWouldBreakTheHeader) {
  for (const auto* token :
       {"", "two words", "line\r\nX: y", "line\n", "tab\t", "\xff", "Basic abc"}) {
    const auto request = make("v1", token);
    ASSERT_TRUE(request.has_error()) << token;
    EXPECT_EQ(request.error().message,
              "api.auth_token_file: the token must be one line of base64, without \"Basic\"");
  }
}

TEST(Request, RefusesAVersionThatWouldBreakThePath) {
  for (const auto* version : {"", "v1/../v2", "v1 ", "v1?x", "v1\r\n", "v.1"}) {
    const auto request = make(version, "dG9rZW4=");
    ASSERT_TRUE(request.has_error()) << version;
    EXPECT_NE(request.error().message.find("api.version"), std::string::npos);
  }
}

}  // namespace
}  // namespace attestrd
