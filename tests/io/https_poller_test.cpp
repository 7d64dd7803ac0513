#include <cmath>
#include <numeric>

#include "io/https_poller_scene.h"

namespace attestrd {
namespace {

// Requests and answers.

TEST_F(HttpsPollerTest, SendsARequestAndReportsTheAnswer) {
  given_server();
  server_says(
      {"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nDate: now\r\nContent-Encoding: br\r\n"
       "Content-Length: 2\r\n\r\n{}"});
  const auto reply = poll("DS02zfeuv6n4gkq51hvw6");
  EXPECT_EQ(reply.status, 429u);
  EXPECT_EQ(reply.body, "{}");
  EXPECT_EQ(reply.retry_after, "7");
  EXPECT_EQ(reply.date, "now");
  EXPECT_EQ(reply.content_encoding, "br");
  ASSERT_EQ(server_->requests().size(), 1u);
  const auto& request = server_->requests()[0];
  EXPECT_THAT(
      request,
      testing::StartsWith("GET /api/v1/public/flowx/handshake/DS02zfeuv6n4gkq51hvw6 HTTP/1.1\r\n"));
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
  const std::string body = kBody + std::string(settings_.max_response_bytes - kBody.size(), 'x');
  server_says({answer(body)});
  EXPECT_EQ(poll().body, body);
  EXPECT_EQ(poll().body, kBody);
  EXPECT_EQ(server_->accepted(), 1u);
}

// Metrics.

TEST_F(HttpsPollerTest, MeasuresEachExchangeFromItsRequestOn) {
  given_server();
  server_->otherwise.before = 30ms;
  poll();
  poll();
  Metrics metrics;
  poller().measure(metrics);
  const auto polls = metrics.histogram(Metric::poll_duration);
  EXPECT_EQ(std::accumulate(polls.counts.begin(), polls.counts.end(), 0.0), 2);
  EXPECT_GE(polls.sum, 0.06);
  EXPECT_LT(polls.sum, 15.0);
}

TEST_F(HttpsPollerTest, APollThatReachesNoServerHasNoDuration) {
  given_server();
  settings_.endpoint.port = 1;
  EXPECT_EQ(poll().failure, Kind::connect);
  Metrics metrics;
  poller().measure(metrics);
  EXPECT_EQ(metrics.histogram(Metric::poll_duration).sum, 0);
  EXPECT_TRUE(std::isnan(metrics.value(Metric::certificate_expiry)));
}

TEST_F(HttpsPollerTest, KnowsWhenTheCertificateOfTheServerExpires) {
  given_server("DNS:localhost", 7200);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  poll();
  Metrics metrics;
  poller().measure(metrics);
  EXPECT_NEAR(metrics.value(Metric::certificate_expiry),
              std::chrono::duration<double>(now).count() + 7200, 60);
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
  server_says(
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n" + kBody + "\r\n0\r\n\r\n"});
  server_says({"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(poll().body, kBody);
  EXPECT_EQ(poll().status, 500u);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

TEST_F(HttpsPollerTest, DoesNotReuseAConnectionThatTheServerWillClose) {
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

TEST_F(HttpsPollerTest, APollThatWaitsForAConnectionSurvivesAFailure) {
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
    if (replies_.size() < 3)
      poller_->start(static_cast<Poller::Ticket>(replies_.size()), id("DS1"));
  };
  start(0);
  run_until_replies(3);
  EXPECT_EQ(server_->accepted(), 1u);
}

TEST_F(HttpsPollerTest, AConnectionThatClosedWhileIdleFailsNoPoll) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  server_->hang_up();
  run_for(20ms);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->requests().size(), 2u);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, AnIdleConnectionThatReceivesBytesIsNotReused) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  server_->blurt(answer("{\"forged\":1}"));
  EXPECT_EQ(poll().body, kBody);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, RetriesIfAReusedConnectionClosesBeforeTheAnswer) {
  for (const Then end : {Then::close, Then::reset}) {
    given_server();
    poller_.reset();
    server_says({answer(kBody)});
    server_says({"", end});
    EXPECT_EQ(poll().status, 200u);
    EXPECT_EQ(poll().status, 200u);
    EXPECT_EQ(server_->requests().size(), 3u);
    EXPECT_EQ(server_->accepted(), 2u);
  }
}

TEST_F(HttpsPollerTest, RetriesOnlyOnce) {
  given_server();
  server_says({answer(kBody)});
  server_says({"", Then::close});
  server_says({"", Then::close});
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(poll().failure, Kind::reset);
  EXPECT_EQ(server_->requests().size(), 3u);
}

TEST_F(HttpsPollerTest, DoesNotRetryOnceTheAnswerHasBegun) {
  given_server();
  server_says({answer(kBody)});
  server_says({"H", Then::close});
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(poll().failure, Kind::reset);
  EXPECT_EQ(server_->requests().size(), 2u);
}

TEST_F(HttpsPollerTest, DoesNotRetryAfterAFailureOfANewConnection) {
  given_server();
  server_says({"", Then::close});
  EXPECT_EQ(poll().failure, Kind::reset);
  EXPECT_EQ(server_->requests().size(), 1u);
}

TEST_F(HttpsPollerTest, ARequestThatCanNotBeSentIsRetried) {
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

TEST_F(HttpsPollerTest, AStaleAnswerEndsTheConnection) {
  settings_.connections = 1;
  given_server();
  const auto echo = [](const std::string& name) { return answer("{\"_id\":\"" + name + "\"}"); };
  server_says({echo("DS1")});
  server_says({echo("DS1")});  // A surplus answer, which precedes the one to the second poll.
  server_says({echo("DS3")});
  start(1, "DS1");
  start(2, "DS2");
  start(3, "DS3");
  run_until_replies(3);
  EXPECT_THAT(replies_[3].body, HasSubstr("DS3"));
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, BytesBeforeTheRequestOfAPollThatWaitedEndTheConnection) {
  settings_.connections = 1;
  given_server();
  on_reply_ = [this] {
    if (replies_.size() == 1) server_->blurt(answer("{\"forged\":\"DS1\"}"));
  };
  start(1);
  start(2);
  run_until_replies(2);
  EXPECT_EQ(replies_[2].body, kBody);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, TicketsAndKeyUpdatesDoNotEndAnIdleConnection) {
  given_server();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(poll().status, 200u);
    server_->send_control(1);
    run_for(20ms);
  }
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

TEST_F(HttpsPollerTest, TooManyKeyUpdatesEndAnIdleConnection) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  server_->send_control(3000);
  run_until_open(0);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, TooManyKeyUpdatesBeforeAnAnswerEndTheExchange) {
  given_server();
  server_says({"", Then::hang});
  start(1);
  run_until([this] { return server_->requests().size() == 1; });
  server_->send_control(3000);
  run_until_replies(1);
  EXPECT_EQ(replies_[1].failure, Kind::reset);
  EXPECT_EQ(poll().status, 200u);
}

TEST_F(HttpsPollerTest, SomeTicketsAndKeyUpdatesBeforeAnAnswerAreIgnored) {
  given_server();
  server_says({.bytes = answer(kBody), .before = 300ms});
  start(1);
  run_until([this] { return server_->requests().size() == 1; });
  server_->send_control(100);
  run_until_replies(1);
  EXPECT_EQ(replies_[1].status, 200u);
}

TEST_F(HttpsPollerTest, AConnectionHasAGreatestAge) {
  settings_.connection_age = 300ms;
  given_server();
  EXPECT_EQ(poll().status, 200u);
  run_until_open(0);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, ABusyConnectionHasAGreatestAgeToo) {
  settings_.connections = 1;
  settings_.connection_age = 300ms;
  given_server();
  server_->otherwise.before = 5ms;
  Poller::Ticket next = 1;
  on_reply_ = [this, &next] { poller_->start(next++, id("DS1")); };
  start(0);
  run_until([this] { return server_->accepted() >= 3; });
  poller().stop();
  for (const auto& [ticket, reply] : replies_) EXPECT_EQ(reply.status, 200u);
}

// Stop and reload.

TEST_F(HttpsPollerTest, StopIsSilentAndClosesEverything) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  replies_.clear();
  for (int i = 0; i < 5; ++i) server_says({"", Then::hang});
  for (Poller::Ticket ticket = 0; ticket < 6; ++ticket) start(ticket);  // more than 4 connections
  run_until([this] { return server_->requests().size() == 5; });        // One is poll()'s.
  EXPECT_EQ(server_->open(), 4u);
  poller().stop();
  run_until_open(0);
  EXPECT_TRUE(replies_.empty());
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
  run_until_open(0);
  EXPECT_TRUE(replies_.empty());
}

TEST_F(HttpsPollerTest, AReplyMayDestroyThePoller) {
  given_server();
  on_reply_ = [this] { poller_.reset(); };
  start(1);
  start(2);
  run_until_replies(1);
  run_for(100ms);
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_F(HttpsPollerTest, ReconfigureChangesTheTokenAndClosesIdleConnections) {
  given_server();
  EXPECT_EQ(poll().status, 200u);
  settings_.auth_token = Secret("bmV3");
  ASSERT_TRUE(poller().reconfigure(settings_).has_value());
  run_until_open(0);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 2u);
  EXPECT_THAT(server_->requests().back(), HasSubstr("Basic bmV3\r\n"));
}

TEST_F(HttpsPollerTest, APollInFlightEndsUnderTheOldSettings) {
  given_server();
  server_says({.bytes = answer(kBody), .before = 500ms});
  start(1);
  run_until([this] { return !server_->requests().empty(); });
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
