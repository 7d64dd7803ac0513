#include "poll/https_poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "io/certificates.h"
#include "io/scripted_server.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Step = ScriptedServer::Step;
using Kind = TransportFailure::Kind;
using Then = Step::Then;
using Clock = std::chrono::steady_clock;

const std::string kToken = "aHVudGVyMg==";

std::string answer(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

HandshakeId id(std::string_view text) {
  return HandshakeId::parse(text).value();
}

const CertificateAuthority& authority() {
  static const CertificateAuthority made;
  return made;
}

/// A reply as it was heard, with no view left in it.
struct Heard {
  unsigned status = 0;
  std::string body{};
  std::string retry_after{};
  std::string date{};
  std::string content_encoding{};
  std::optional<Kind> failure{};
  std::string detail{};
  int depth = -1;
};

Heard heard(const PollReply& reply) {
  if (const auto* failure = std::get_if<TransportFailure>(&reply)) {
    return {.failure = failure->kind,
            .detail = failure->detail,
            .depth = failure->certificate_depth};
  }
  const auto& response = std::get<HttpResponse>(reply);
  return {.status = response.status,
          .body = std::string(response.body),
          .retry_after = std::string(response.retry_after),
          .date = std::string(response.date),
          .content_encoding = std::string(response.content_encoding)};
}

class HttpsPollerTest : public testing::Test {
 protected:
  HttpsPollerTest() {
    directory_ = std::filesystem::temp_directory_path() /
                 ("attestrd-poller-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory_);
    settings_.ca_file = write("ca.pem", authority().certificate());
  }

  ~HttpsPollerTest() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = directory_ / name;
    std::ofstream(path) << text;
    return path;
  }

  void given_server(const std::string& names = "DNS:localhost", long valid_for_s = 3600,
                    ScriptedServer::Settings settings = {}) {
    given_server(authority().issue(names, valid_for_s), settings);
  }

  void given_server(const Identity& identity, ScriptedServer::Settings settings = {}) {
    server_ = &servers_.emplace_back(events_, identity, settings);
    server_->otherwise.bytes = answer("{}");
    settings_.endpoint.port = server_->port();
  }

  void server_says(Step step) { server_->script.push_back(std::move(step)); }

  HttpsPoller& poller() {
    if (!poller_) {
      auto made = HttpsPoller::make(events_, settings_, [this](auto ticket, auto& reply, auto&) {
        EXPECT_FALSE(in_start_);
        EXPECT_TRUE(replies_.emplace(ticket, heard(reply)).second) << "a second reply";
        if (on_reply_) on_reply_();
      });
      EXPECT_TRUE(made.has_value()) << made.error().message;
      poller_ = *std::move(made);
    }
    return *poller_;
  }

  void start(Poller::Ticket ticket, std::string_view name = "DS1") {
    HttpsPoller& made = poller();
    in_start_ = true;
    made.start(ticket, id(name));
    in_start_ = false;
  }

  void run_until_replies(std::size_t count) {
    const auto until = Clock::now() + 10s;
    while (replies_.size() < count && Clock::now() < until) events_.run_one_for(100ms);
    ASSERT_EQ(replies_.size(), count);
  }

  void run_for(std::chrono::milliseconds time) { events_.run_for(time); }

  /// Our ends of all connections to the server can send no more, which they don't know yet.
  void cut_sending() {
    int cut = 0;
    for (int descriptor = 0; descriptor < 1024; ++descriptor) {
      sockaddr_in peer{};
      socklen_t length = sizeof(peer);
      if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &length) != 0) continue;
      if (ntohs(peer.sin_port) == server_->port()) cut += ::shutdown(descriptor, SHUT_WR) == 0;
    }
    ASSERT_GT(cut, 0);
  }

  Heard poll(std::string_view name = "DS1") {
    const auto ticket = next_ticket_++;
    start(ticket, name);
    run_until_replies(replies_.size() + 1);
    return replies_[ticket];
  }

  boost::asio::io_context events_{1};
  std::list<ScriptedServer> servers_;  ///< Kept, as their coroutines go on.
  ScriptedServer* server_ = nullptr;
  HttpsPollerSettings settings_{.endpoint = {"localhost", 443, Endpoint::Kind::name},
                                .version = "v1",
                                .auth_token = Secret(kToken),
                                .user_agent = "attestrd/test",
                                .ca_file = "",
                                .connections = 4,
                                .connect_timeout = 2s,
                                .request_timeout = 2s,
                                .max_response_bytes = 100'000};
  std::unique_ptr<HttpsPoller> poller_;
  std::map<Poller::Ticket, Heard> replies_;
  std::function<void()> on_reply_;

 private:
  std::filesystem::path directory_;
  bool in_start_ = false;
  Poller::Ticket next_ticket_ = 1000;
};

// What is asked and what is heard.

TEST_F(HttpsPollerTest, AsksAndHears) {
  given_server();
  server_says({"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nDate: now\r\nContent-Encoding: br\r\n"
               "Content-Length: 2\r\n\r\n{}"});
  const auto reply = poll("DS02zfeuv6n4gkq51hvw6");
  EXPECT_EQ(reply.status, 429u);
  EXPECT_EQ(reply.body, "{}");
  EXPECT_EQ(reply.retry_after, "7");
  EXPECT_EQ(reply.date, "now");
  EXPECT_EQ(reply.content_encoding, "br");
  ASSERT_EQ(server_->requests().size(), 1u);
  const auto& request = server_->requests()[0];
  EXPECT_THAT(request, testing::StartsWith(
      "GET /api/v1/public/flowx/handshake/DS02zfeuv6n4gkq51hvw6 HTTP/1.1\r\n"));
  const auto port = std::to_string(server_->port());
  EXPECT_THAT(request, HasSubstr("\r\nHost: localhost:" + port + "\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: Basic " + kToken + "\r\n"));
}

TEST_F(HttpsPollerTest, ARedirectIsReportedAndNotFollowed) {
  given_server();
  server_says({"HTTP/1.1 302 x\r\nLocation: https://localhost/\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(poll().status, 302u);
  EXPECT_EQ(server_->requests().size(), 1u);
}

TEST_F(HttpsPollerTest, ALargeBodyArrivesWhole) {
  given_server();
  const std::string body(settings_.max_response_bytes, 'x');
  server_says({answer(body)});
  EXPECT_EQ(poll().body, body);
  EXPECT_EQ(poll().body, "{}");
  EXPECT_EQ(server_->accepted(), 1u);
}

// Connections.

TEST_F(HttpsPollerTest, ReusesAConnection) {
  given_server();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

TEST_F(HttpsPollerTest, ReusesAConnectionOfTls12) {
  given_server("DNS:localhost", 3600, {.max_tls_version = 0x0303});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

TEST_F(HttpsPollerTest, ReusesAConnectionAfterChunksAndErrors) {
  given_server();
  server_says({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"});
  server_says({"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(poll().body, "{}");
  EXPECT_EQ(poll().status, 500u);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

TEST_F(HttpsPollerTest, DoesNotReuseWhatTheServerWillClose) {
  given_server();
  server_says({"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"});
  server_says({"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 3u);
}

TEST_F(HttpsPollerTest, OpensNoMoreConnectionsThanAllowed) {
  given_server();
  server_->otherwise.before = 20ms;
  for (Poller::Ticket ticket = 0; ticket < 10; ++ticket) start(ticket);
  run_until_replies(10);
  EXPECT_EQ(server_->accepted(), 4u);
  for (const auto& [ticket, reply] : replies_) EXPECT_EQ(reply.status, 200u);
}

TEST_F(HttpsPollerTest, WhatWaitsForAConnectionOutlivesAFailure) {
  settings_.connections = 1;
  given_server();
  server_says({"nonsense\r\n\r\n"});
  start(1);
  start(2);
  run_until_replies(2);
  EXPECT_EQ(replies_[1].failure, Kind::framing);
  EXPECT_EQ(replies_[2].status, 200u);
}

TEST_F(HttpsPollerTest, AReplyMayStartTheNextPoll) {
  settings_.connections = 1;
  given_server();
  on_reply_ = [this] {
    if (replies_.size() < 3) poller_->start(static_cast<Poller::Ticket>(replies_.size()), id("x"));
  };
  start(0);
  run_until_replies(3);
  EXPECT_EQ(server_->accepted(), 1u);
}

TEST_F(HttpsPollerTest, AConnectionThatDiedIdleCostsNoPoll) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  server_->hang_up();
  run_for(20ms);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->requests().size(), 2u);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, AnIdleConnectionThatSpeaksIsNotReused) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  server_->blurt(answer("{\"forged\":1}"));
  EXPECT_EQ(poll().body, "{}");
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, AsksOnceMoreIfAReusedConnectionDiesUnanswered) {
  for (const Then end : {Then::close, Then::reset}) {
    given_server();
    poller_.reset();
    server_says({answer("{}")});
    server_says({"", end});
    EXPECT_EQ(poll().status, 200u);
    EXPECT_EQ(poll().status, 200u);
    EXPECT_EQ(server_->requests().size(), 3u);
    EXPECT_EQ(server_->accepted(), 2u);
  }
}

TEST_F(HttpsPollerTest, AsksOnceMoreOnlyOnce) {
  given_server();
  server_says({answer("{}")});
  server_says({"", Then::close});
  server_says({"", Then::close});
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(poll().failure, Kind::reset);
  EXPECT_EQ(server_->requests().size(), 3u);
}

TEST_F(HttpsPollerTest, DoesNotAskAgainOnceTheAnswerHasBegun) {
  given_server();
  server_says({answer("{}")});
  server_says({"H", Then::close});
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(poll().failure, Kind::reset);
  EXPECT_EQ(server_->requests().size(), 2u);
}

TEST_F(HttpsPollerTest, DoesNotAskAgainOnAFreshConnection) {
  given_server();
  server_says({"", Then::close});
  EXPECT_EQ(poll().failure, Kind::reset);
  EXPECT_EQ(server_->requests().size(), 1u);
}

TEST_F(HttpsPollerTest, ARequestThatCanNotBeSentIsAskedOnceMore) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  cut_sending();
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->requests().size(), 2u);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, StopIsSilentAfterARequestThatCanNotBeSent) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  replies_.clear();
  cut_sending();
  start(1);
  poller().stop();
  run_for(20ms);
  EXPECT_TRUE(replies_.empty());
}

// Answers that are refused; ResponseReaderTest has all of them.

struct Refusal {
  const char* name;
  Step step;
  Kind kind;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.name;
}

class HttpsPollerRefusal : public HttpsPollerTest,
                           public testing::WithParamInterface<Refusal> {};

TEST_P(HttpsPollerRefusal, EndsTheConnection) {
  given_server();
  server_says(GetParam().step);
  const auto reply = poll();
  EXPECT_EQ(reply.failure, GetParam().kind) << reply.detail;
  EXPECT_THAT(reply.detail, Not(HasSubstr("secret")));
  run_for(20ms);
  EXPECT_EQ(server_->open(), 0u);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 2u);
}

std::string chunked(const std::string& encoding) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + encoding + "\r\n\r\n0\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    All, HttpsPollerRefusal,
    testing::Values(
        Refusal{"NoLength", {"HTTP/1.1 200 OK\r\n\r\n{\"secret\":1}", Then::close}, Kind::framing},
        Refusal{"NoLengthOf10", {"HTTP/1.0 200 OK\r\n\r\n{}", Then::close}, Kind::framing},
        Refusal{"GzipChunked", {chunked("gzip, chunked")}, Kind::framing},
        Refusal{"ChunkedTwice", {chunked("chunked, chunked")}, Kind::framing},
        Refusal{"Identity", {chunked("identity")}, Kind::framing},
        Refusal{"LengthAndChunked", {chunked("chunked\r\nContent-Length: 5")}, Kind::framing},
        Refusal{"Status999", {"HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n"}, Kind::framing},
        Refusal{"ContinueAsTheAnswer", {"HTTP/1.1 100 Continue\r\n\r\n"}, Kind::framing},
        Refusal{"ContinueFirst", {"HTTP/1.1 100 x\r\n\r\n" + answer("{}")}, Kind::framing},
        Refusal{"BodyOn204", {"HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\n{}"}, Kind::framing},
        Refusal{"BytesThatFollow", {answer("{}") + "secret"}, Kind::framing},
        Refusal{"SplitResponse", {answer("{}") + answer("{}")}, Kind::framing},
        Refusal{"FoldedLine", {"HTTP/1.1 200 OK\r\nX: a\r\n secret\r\nContent-Length: 0\r\n\r\n"},
                Kind::framing},
        Refusal{"TwoLengths",
                {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}"},
                Kind::framing},
        Refusal{"NotHttp", {"220 secret.example ESMTP\r\n\r\n"}, Kind::framing},
        Refusal{"BodyTooLarge", {"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"},
                Kind::too_large},
        Refusal{"ChunksTooLarge",
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n"},
                Kind::too_large},
        Refusal{"HeaderTooLarge",
                {"HTTP/1.1 200 OK\r\nX: " + std::string(limits::kHeaderBytes, 'x')},
                Kind::too_large},
        Refusal{"CutInHeader", {"HTTP/1.1 200 OK\r\nSecret: s", Then::close}, Kind::reset},
        Refusal{"CutInBody", {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsecret", Then::close},
                Kind::reset},
        Refusal{"CutInChunks",
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", Then::close},
                Kind::reset},
        Refusal{"ResetInBody", {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ns", Then::reset},
                Kind::reset}),
    [](const auto& refusal) { return refusal.param.name; });

// Who the server is.

TEST_F(HttpsPollerTest, RefusesAnotherHost) {
  given_server("DNS:other.example");
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::certificate);
  EXPECT_THAT(reply.detail, HasSubstr("host localhost: "));
  EXPECT_THAT(reply.detail, HasSubstr("mismatch"));
  EXPECT_EQ(reply.depth, 0);
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(HttpsPollerTest, RefusesANameThatIsOnlyInTheSubject) {
  given_server("");
  EXPECT_EQ(poll().failure, Kind::certificate);
}

TEST_F(HttpsPollerTest, RefusesAnExpiredCertificate) {
  given_server("DNS:localhost", -60);
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::certificate);
  EXPECT_THAT(reply.detail, HasSubstr("expired"));
  EXPECT_EQ(reply.depth, 0);
}

TEST_F(HttpsPollerTest, RefusesAnUntrustedAuthority) {
  given_server(CertificateAuthority().issue("DNS:localhost"));
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::certificate);
  EXPECT_EQ(reply.depth, 0);
}

TEST_F(HttpsPollerTest, TheSystemsStoreDoesNotTrustTheTest) {
  settings_.ca_file.clear();
  given_server();
  EXPECT_EQ(poll().failure, Kind::certificate);
}

TEST_F(HttpsPollerTest, ChecksTheAddressWhenThatIsTheHost) {
  settings_.endpoint = {"127.0.0.1", 0, Endpoint::Kind::ipv4};
  given_server("DNS:127.0.0.1,DNS:localhost");
  EXPECT_EQ(poll().failure, Kind::certificate);
  poller_.reset();
  given_server("IP:127.0.0.1");
  EXPECT_EQ(poll().status, 200u);
}

TEST_F(HttpsPollerTest, SpeaksIpv6) {
  settings_.endpoint = {"::1", 0, Endpoint::Kind::ipv6};
  given_server("IP:::1", 3600, {.address = "::1"});
  EXPECT_EQ(poll().status, 200u);
  EXPECT_THAT(server_->requests()[0],
              HasSubstr("\r\nHost: [::1]:" + std::to_string(server_->port()) + "\r\n"));
}

TEST_F(HttpsPollerTest, RefusesTls11) {
  given_server("DNS:localhost", 3600, {.max_tls_version = 0x0302});
  EXPECT_EQ(poll().failure, Kind::tls);
}

TEST_F(HttpsPollerTest, AnUnusableCaFileIsNamed) {
  const auto refusal = [this](std::string file) {
    auto settings = settings_;
    settings.ca_file = std::move(file);
    const auto made = HttpsPoller::make(events_, settings, [](auto, auto&, auto&) {});
    EXPECT_TRUE(made.has_error());
    return made ? std::string() : made.error().message;
  };
  const auto junk = write("junk.pem", "no certificate");
  EXPECT_THAT(refusal(junk), HasSubstr(junk));
  EXPECT_THAT(refusal("/nowhere/ca.pem"), HasSubstr("/nowhere/ca.pem: No such file"));
}

// Trouble on the way, and time.

TEST_F(HttpsPollerTest, ARefusedConnectionIsToldWithItsAddress) {
  given_server();
  const auto port = std::to_string(server_->port());
  server_->refuse();
  settings_.endpoint.host = "127.0.0.1";
  settings_.endpoint.kind = Endpoint::Kind::ipv4;
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::connect);
  EXPECT_EQ(reply.detail, "127.0.0.1:" + port + ": Connection refused");
}

TEST_F(HttpsPollerTest, AnUnknownHostIsToldInTime) {
  settings_.endpoint.host = "attestrd.invalid";
  settings_.connect_timeout = 200ms;
  const auto begun = Clock::now();
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::resolve);
  EXPECT_THAT(reply.detail, HasSubstr("attestrd.invalid"));
  EXPECT_LT(Clock::now() - begun, 1s);
}

TEST_F(HttpsPollerTest, AHandshakeThatHangsIsCut) {
  settings_.connect_timeout = 100ms;
  given_server("DNS:localhost", 3600, {.greets = false});
  const auto begun = Clock::now();
  EXPECT_EQ(poll().failure, Kind::connect);
  EXPECT_GE(Clock::now() - begun, 100ms);
  EXPECT_LT(Clock::now() - begun, 1s);
}

TEST_F(HttpsPollerTest, ASilentServerIsCut) {
  settings_.request_timeout = 100ms;
  given_server();
  server_says({"", Then::hang});
  const auto begun = Clock::now();
  EXPECT_EQ(poll().failure, Kind::timeout);
  EXPECT_GE(Clock::now() - begun, 100ms);
  EXPECT_LT(Clock::now() - begun, 1s);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, EachSilenceIsCutThoughRepliesStartPollsAllTheTime) {
  settings_.connections = 2;
  settings_.request_timeout = 200ms;
  given_server();
  server_->otherwise.before = 5ms;
  server_says({"", Then::hang});
  for (int i = 0; i < 60; ++i) server_says({.bytes = answer("{}"), .before = 5ms});
  server_says({"", Then::hang});
  Poller::Ticket next = 2;
  on_reply_ = [this, &next] { poller_->start(next++, id("x")); };
  start(0);
  start(1);
  run_for(1500ms);
  poller().stop();
  EXPECT_EQ(std::ranges::count_if(
                replies_, [](const auto& reply) { return reply.second.failure == Kind::timeout; }),
            2);
}

TEST_F(HttpsPollerTest, ATrickleIsCut) {
  settings_.request_timeout = 150ms;
  given_server();
  server_says({.bytes = answer(std::string(1000, 'x')), .between = 5ms});
  const auto begun = Clock::now();
  EXPECT_EQ(poll().failure, Kind::timeout);
  EXPECT_LT(Clock::now() - begun, 1s);
}

TEST_F(HttpsPollerTest, AnEndlessAnswerLeavesOthersTheirTurn) {
  settings_.request_timeout = 300ms;
  settings_.max_response_bytes = limits::kLargestResponseBytes;
  boost::asio::io_context elsewhere{1};
  ScriptedServer server(elsewhere, authority().issue("DNS:localhost"));
  settings_.endpoint.port = server.port();
  // Small chunks: to read them takes longer than to send them.
  std::string chunks;
  for (int i = 0; i < 10'000; ++i) chunks += "1\r\nx\r\n";
  server.script.push_back({.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                           .endless = chunks});
  const std::jthread thread([&elsewhere] { elsewhere.run_for(10s); });
  const auto begun = Clock::now();
  EXPECT_EQ(poll().failure, Kind::timeout);
  EXPECT_LT(Clock::now() - begun, 1500ms);
  elsewhere.stop();
}

TEST_F(HttpsPollerTest, ASlowAnswerInPiecesIsTaken) {
  given_server();
  server_says({.bytes = answer("{\"slow\":1}"), .between = 1ms});
  EXPECT_EQ(poll().body, "{\"slow\":1}");
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

TEST_F(HttpsPollerTest, TheTimeOfOnePollDoesNotCutTheNext) {
  settings_.request_timeout = 100ms;
  given_server();
  EXPECT_EQ(poll().status, 200u);
  run_for(150ms);
  EXPECT_EQ(server_->open(), 1u);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

// Stopping and reloading.

TEST_F(HttpsPollerTest, StopIsSilentAndClosesEverything) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  replies_.clear();
  for (int i = 0; i < 5; ++i) server_says({"", Then::hang});
  for (Poller::Ticket ticket = 0; ticket < 6; ++ticket) start(ticket);  // more than connections
  run_for(50ms);
  EXPECT_EQ(server_->open(), 4u);
  poller().stop();
  run_for(50ms);
  EXPECT_TRUE(replies_.empty());
  EXPECT_EQ(server_->open(), 0u);
  start(9);
  run_for(20ms);
  EXPECT_TRUE(replies_.empty());
}

TEST_F(HttpsPollerTest, StopIsSilentWhileConnecting) {
  given_server("DNS:localhost", 3600, {.greets = false});
  start(1);
  run_for(30ms);
  poller().stop();
  settings_.endpoint.host = "attestrd.invalid";
  poller_.reset();
  start(2);
  poller().stop();
  run_for(50ms);
  EXPECT_TRUE(replies_.empty());
}

TEST_F(HttpsPollerTest, MayBeDestroyedAtAnyMoment) {
  given_server();
  server_->otherwise.before = 2ms;
  for (int turns = 0; turns < 60; ++turns) {
    for (Poller::Ticket ticket = 0; ticket < 6; ++ticket) start(ticket);
    for (int i = 0; i < turns; ++i) events_.run_one_for(1ms);
    replies_.clear();
    poller_.reset();
  }
  run_for(50ms);
  EXPECT_TRUE(replies_.empty());
  EXPECT_EQ(server_->open(), 0u);
}

TEST_F(HttpsPollerTest, AReplyMayDestroyThePoller) {
  given_server();
  on_reply_ = [this] { poller_.reset(); };
  start(1);
  start(2);
  run_for(100ms);
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_F(HttpsPollerTest, ReconfigureChangesTheTokenAndClosesIdleConnections) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  settings_.auth_token = Secret("bmV3");
  ASSERT_TRUE(poller().reconfigure(settings_).has_value());
  run_for(20ms);
  EXPECT_EQ(server_->open(), 0u);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 2u);
  EXPECT_THAT(server_->requests().back(), HasSubstr("Basic bmV3\r\n"));
}

TEST_F(HttpsPollerTest, APollInFlightEndsUnderTheOldSettings) {
  given_server();
  server_says({.bytes = answer("{}"), .before = 50ms});
  start(1);
  run_for(30ms);
  ASSERT_TRUE(poller().reconfigure(settings_).has_value());
  run_until_replies(1);
  EXPECT_EQ(replies_[1].status, 200u);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, AFailedReconfigureChangesNothing) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  auto bad = settings_;
  bad.ca_file = "/nowhere/ca.pem";
  EXPECT_TRUE(poller().reconfigure(bad).has_error());
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

}  // namespace
}  // namespace attestrd
