#include "engine/notices.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

const notices::Polled kPolled{*HandshakeId::parse("h1"), 7};

HttpResponse response_with(unsigned status) {
  HttpResponse response;
  response.status = status;
  return response;
}

TEST(Notices, AnAnswerHasItsStatusCodeAndRequestId) {
  const auto good = notices::poll_answered(kPolled, response_with(200), Pending{"r-1", ""}, "");
  EXPECT_EQ(good.event, Event::poll_answered);
  EXPECT_EQ(good.level, Level::debug);
  EXPECT_EQ(good.handshake, kPolled.id);
  EXPECT_EQ(good.polls, 7U);
  EXPECT_EQ(good.http_status, 200U);
  EXPECT_EQ(good.request_id, "r-1");
  EXPECT_FALSE(good.code);
  const auto bad =
      notices::poll_error(kPolled, response_with(503), ServerTrouble{503, 9}, "server_error");
  EXPECT_EQ(bad.event, Event::poll_error);
  EXPECT_EQ(bad.level, Level::warn);
  EXPECT_EQ(bad.code, 9);
  EXPECT_EQ(bad.reason, "server_error");
}

TEST(Notices, AFailureOfTheTransportHasHostAndReason) {
  const auto reset =
      notices::poll_error(kPolled, {TransportFailure::Kind::reset, "closed", -1}, "host");
  EXPECT_EQ(reset.event, Event::poll_error);
  EXPECT_EQ(reset.host, "host");
  EXPECT_EQ(reset.reason, "reset: closed");
  EXPECT_FALSE(reset.depth);
  const auto certificate =
      notices::poll_error(kPolled, {TransportFailure::Kind::certificate, "expired", 2}, "host");
  EXPECT_EQ(certificate.depth, 2);
}

TEST(Notices, APauseIsAnErrorWithItsCauseAndHasAnEnd) {
  const auto cause =
      notices::account_trouble(kPolled, response_with(401), AccountTrouble{}, "unauthorized");
  const auto paused = notices::account_paused(cause, PauseReason::unauthorized, "host", 5s);
  EXPECT_EQ(paused.event, Event::account_paused);
  EXPECT_EQ(paused.level, Level::error);
  EXPECT_EQ(paused.http_status, 401U);
  EXPECT_EQ(paused.reason, "unauthorized");
  EXPECT_EQ(paused.host, "host");
  EXPECT_EQ(paused.wait, Duration(5s));
  EXPECT_NE(paused.message.find("unauthorized"), std::string::npos);
  const auto resumed = notices::account_resumed(PauseReason::unauthorized, 1h);
  EXPECT_EQ(resumed.event, Event::account_resumed);
  EXPECT_EQ(resumed.level, Level::info);
  EXPECT_EQ(resumed.wait, Duration(1h));
}

TEST(Notices, APauseForACertificateKeepsItsReason) {
  const auto cause =
      notices::poll_error(kPolled, {TransportFailure::Kind::certificate, "expired", 0}, "host");
  const auto paused = notices::account_paused(cause, PauseReason::certificate, "host", 5s);
  EXPECT_EQ(paused.reason, "certificate: expired");
  EXPECT_EQ(paused.depth, 0);
}

TEST(Notices, APauseForAProxyKeepsItsReason) {
  const auto cause = notices::poll_error(
      kPolled, {TransportFailure::Kind::proxy, "proxy 10.0.0.1:3128 refuses it (403)", -1}, "host");
  const auto paused = notices::account_paused(cause, PauseReason::proxy, "host", 5s);
  EXPECT_EQ(paused.reason, "proxy: proxy 10.0.0.1:3128 refuses it (403)");
  EXPECT_NE(paused.message.find("paused (proxy)"), std::string::npos);
}

TEST(Notices, TheBudgetHasTheRequestsSpent) {
  const auto spent = notices::budget_spent(100, 2h);
  EXPECT_EQ(spent.event, Event::budget_spent);
  EXPECT_EQ(spent.level, Level::warn);
  EXPECT_EQ(spent.count, 100U);
  EXPECT_EQ(spent.wait, Duration(2h));
  const auto renewed = notices::budget_renewed(3);
  EXPECT_EQ(renewed.event, Event::budget_renewed);
  EXPECT_EQ(renewed.level, Level::info);
  EXPECT_EQ(renewed.count, 3U);
}

}  // namespace
}  // namespace attestrd
