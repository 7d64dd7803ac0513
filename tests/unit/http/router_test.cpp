#include "http/router.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::string_view_literals;

RouteHandler answers(std::string_view name) {
  return [name](const ServerRequest& request, const Responder& respond) {
    respond(plain_response(200, std::string(name) + " " + request.parameter));
  };
}

const Router kRouter({{"GET", "/health", Audience::anybody, answers("health")},
                      {"GET", "/explain/{}", Audience::local, answers("explain")},
                      {"POST", "/kick", Audience::local, answers("kick")},
                      {"GET", "/kick", Audience::local, answers("kicks")}});

ServerResponse answer_to(ServerRequest request) {
  const auto found = kRouter.find(request);
  if (const auto* refusal = std::get_if<ServerResponse>(&found)) return *refusal;
  ServerResponse answer;
  (*std::get<const RouteHandler*>(found))(
      request, [&answer](ServerResponse response) { answer = std::move(response); });
  return answer;
}

ServerResponse answer_to(Audience audience, std::string method, std::string target) {
  return answer_to({audience, std::move(method), std::move(target), {}, false, {}, {}});
}

TEST(Router, CallsTheHandlerOfTheRoute) {
  EXPECT_EQ(answer_to(Audience::local, "GET", "/health").body, "health \n");
  EXPECT_EQ(answer_to(Audience::anybody, "GET", "/health").body, "health \n");
  EXPECT_EQ(answer_to(Audience::local, "POST", "/kick").body, "kick \n");
  EXPECT_EQ(answer_to(Audience::local, "GET", "/explain/DS1").body, "explain DS1\n");
}

TEST(Router, AParameterIsOneSegment) {
  for (const auto* target : {"/explain/", "/explain", "/explain/a/b", "/explain/a/"})
    EXPECT_EQ(answer_to(Audience::local, "GET", target).status, 404u) << target;
}

TEST(Router, AnUnknownPathIsNotFound) {
  const auto answer = answer_to(Audience::local, "GET", "/health/");
  EXPECT_EQ(answer.status, 404u);
  EXPECT_EQ(answer.body, "not found\n");
  EXPECT_EQ(answer.content_type, "text/plain; charset=utf-8");
}

TEST(Router, AQueryIsIgnored) {
  EXPECT_EQ(answer_to(Audience::local, "GET", "/health?x=1").body, "health \n");
  EXPECT_EQ(answer_to(Audience::local, "GET", "/health?").body, "health \n");
  EXPECT_EQ(answer_to(Audience::local, "GET", "/explain/DS1?a=/b").body, "explain DS1\n");
  EXPECT_EQ(answer_to(Audience::local, "GET", "/explain/?DS1").status, 404u);
}

TEST(Router, ATargetMayNameTheServer) {
  EXPECT_EQ(answer_to(Audience::local, "GET", "http://a:9464/health").body, "health \n");
  EXPECT_EQ(answer_to(Audience::local, "GET", "http://a/explain/DS1?x").body, "explain DS1\n");
  EXPECT_EQ(answer_to(Audience::anybody, "GET", "http://a/explain/DS1").status, 404u);
  for (const auto* target : {"http://a", "http://", "http:///", "http://a?/health", "//a/health"})
    EXPECT_EQ(answer_to(Audience::local, "GET", target).status, 404u) << target;
}

TEST(Router, HeadIsServedAsGet) {
  EXPECT_EQ(answer_to(Audience::anybody, "HEAD", "/health").body, "health \n");
  EXPECT_EQ(answer_to(Audience::local, "HEAD", "/kick").body, "kicks \n");
}

TEST(Router, ALocalRouteIsNotFoundFromElsewhere) {
  EXPECT_EQ(answer_to(Audience::anybody, "GET", "/explain/DS1").status, 404u);
  EXPECT_EQ(answer_to(Audience::anybody, "POST", "/kick").status, 404u);
}

TEST(Router, AWrongMethodIsAnsweredWithTheAllowedOnes) {
  const auto answer = answer_to(Audience::local, "POST", "/health");
  EXPECT_EQ(answer.status, 405u);
  EXPECT_EQ(answer.body, "use GET, HEAD\n");
  EXPECT_EQ(answer.allow, "GET, HEAD");
  EXPECT_EQ(answer_to(Audience::local, "DELETE", "/kick").allow, "POST, GET, HEAD");
}

TEST(Router, ABrowserCannotPost) {
  ServerRequest request{Audience::local, "POST", "/kick", {}, true, {}, {}};
  EXPECT_EQ(answer_to(request).status, 403u);
  request.method = "GET";
  EXPECT_EQ(answer_to(request).status, 200u);
}

TEST(HostNames, AddressesAndLocalhostAreAccepted) {
  const HostNames names;
  for (const auto host : {"127.0.0.1", "127.0.0.1:9464", "10.1.2.3:", "[::1]", "[::1]:9464",
                          "localhost", "LocalHost:80", "localhost."})
    EXPECT_TRUE(names.contains(host)) << host;
}

TEST(HostNames, OtherNamesAreNot) {
  const HostNames names;
  for (const auto host : {""sv, "attacker.example"sv, "localhost.attacker.example"sv, "127.1"sv,
                          "127.0.0.1.attacker.example"sv, "127.0.0.1:80:80"sv, "localhost:x"sv,
                          "::1"sv, "[::1"sv, "[::1]x"sv, "[attacker.example]"sv, "[fe80::1%eth0]"sv,
                          "user@localhost"sv, "127.0.0.1\0x"sv, "."sv, "localhost.."sv})
    EXPECT_FALSE(names.contains(host)) << host;
}

TEST(HostNames, NamesOfItsOwnAreAcceptedInAnyCase) {
  const HostNames names({"monitor.bank.example", "monitor"});
  EXPECT_TRUE(names.contains("Monitor.Bank.example:9464"));
  EXPECT_TRUE(names.contains("monitor"));
  EXPECT_FALSE(names.contains("bank.example"));
}

TEST(HostNames, ATargetInAbsoluteFormNamesAHost) {
  EXPECT_EQ(host_in_target("http://a.example:80/metrics"), "a.example:80");
  EXPECT_EQ(host_in_target("http://a.example?x"), "a.example");
  EXPECT_EQ(host_in_target("http://a.example"), "a.example");
  EXPECT_EQ(host_in_target("/metrics"), "");
}

}  // namespace
}  // namespace attestrd
