#include <atomic>

#include <boost/asio/write.hpp>

#include "io/https_poller_scene.h"

namespace attestrd {
namespace {

// Failures of the transport, and timeouts.

/// A timeout that a silent poll reaches soon, and a good one never, also on a busy machine.
constexpr std::chrono::seconds kPatience{5};

TEST_F(HttpsPollerTest, ARefusedConnectionIsReportedWithItsAddress) {
  given_server();
  const auto port = std::to_string(server_->port());
  server_->refuse();
  settings_.endpoint.host = "127.0.0.1";
  settings_.endpoint.kind = Endpoint::Kind::ipv4;
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::connect);
  EXPECT_EQ(reply.detail, "127.0.0.1:" + port + ": Connection refused");
}

TEST_F(HttpsPollerTest, AnUnknownHostIsReportedInTime) {
  settings_.endpoint.host = "attestrd.invalid";
  settings_.connect_timeout = 200ms;
  const auto begun = Clock::now();
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::resolve);
  EXPECT_THAT(reply.detail, HasSubstr("attestrd.invalid"));
  EXPECT_LT(Clock::now() - begun, kNoHang);
}

TEST_F(HttpsPollerTest, ATlsHandshakeThatHangsTimesOut) {
  settings_.connect_timeout = 100ms;
  given_server("DNS:localhost", 3600, {.greets = false});
  const auto begun = Clock::now();
  EXPECT_EQ(poll().failure, Kind::connect);
  EXPECT_GE(Clock::now() - begun, 100ms);
  EXPECT_LT(Clock::now() - begun, kNoHang);
}

TEST_F(HttpsPollerTest, ASilentServerTimesOut) {
  settings_.request_timeout = kPatience;
  given_server();
  server_says({"", Then::hang});
  const auto begun = Clock::now();
  EXPECT_EQ(poll().failure, Kind::timeout);
  EXPECT_GE(Clock::now() - begun, kPatience);
  EXPECT_LT(Clock::now() - begun, kNoHang);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 2u);
}

TEST_F(HttpsPollerTest, EachSilentPollTimesOutWhileRepliesStartOthers) {
  settings_.connections = 2;
  settings_.request_timeout = kPatience;
  given_server();
  server_->otherwise.before = 5ms;
  server_says({"", Then::hang});
  for (int i = 0; i < 60; ++i) server_says({.bytes = answer(kBody), .before = 5ms});
  server_says({"", Then::hang});
  Poller::Ticket next = 2;
  on_reply_ = [this, &next] { poller_->start(next++, id("DS1")); };
  start(0);
  start(1);
  run_until([this] {
    return std::ranges::count_if(replies_, [](const auto& reply) {
             return reply.second.failure == Kind::timeout;
           }) >= 2;
  });
  poller().stop();
  EXPECT_GT(replies_.size(), 10u);
}

TEST_F(HttpsPollerTest, ATrickleTimesOut) {
  settings_.request_timeout = 150ms;
  given_server();
  server_says({.bytes = answer(std::string(1000, 'x')), .between = 5ms});
  const auto begun = Clock::now();
  EXPECT_EQ(poll().failure, Kind::timeout);
  EXPECT_LT(Clock::now() - begun, kNoHang);
}

TEST_F(HttpsPollerTest, AnEndlessAnswerTimesOut) {
  settings_.request_timeout = 300ms;
  settings_.max_response_bytes = limits::kLargestResponseBytes;
  boost::asio::io_context elsewhere{1};
  ScriptedServer server(elsewhere, authority().issue("DNS:localhost"));
  settings_.endpoint.port = server.port();
  // Small chunks take longer to read than to send.
  std::string chunks;
  for (int i = 0; i < 10'000; ++i) chunks += "1\r\nx\r\n";
  server.script.push_back(
      {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .endless = chunks});
  const std::jthread thread([&elsewhere] { elsewhere.run_for(60s); });
  const auto begun = Clock::now();
  EXPECT_EQ(poll().failure, Kind::timeout);
  EXPECT_LT(Clock::now() - begun, kNoHang);
  elsewhere.stop();
}

/// A server that sends the same bytes without end on every connection, on threads of its own.
class Flood {
 public:
  explicit Flood(std::string bytes) : bytes_(std::move(bytes)) {
    thread_ = std::jthread([this] {
      boost::system::error_code error;
      for (;;) {
        boost::asio::ip::tcp::socket socket(context_);
        acceptor_.accept(socket, error);
        if (is_over_) return;
        while (!error) boost::asio::write(socket, boost::asio::buffer(bytes_), error);
      }
    });
  }
  ~Flood() {
    is_over_ = true;
    boost::system::error_code error;
    boost::asio::ip::tcp::socket(context_).connect(acceptor_.local_endpoint(), error);
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  const std::string bytes_;
  std::atomic<bool> is_over_ = false;
  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_{context_,
                                           {boost::asio::ip::make_address("127.0.0.1"), 0}};
  std::jthread thread_;
};

TEST_F(HttpsPollerTest, EndlessHelloRequestsEndTheHandshake) {
  std::string records;
  for (int i = 0; i < 5000; ++i) records += std::string("\x16\x03\x03\0\x04\0\0\0\0", 9);
  const Flood flood(records);
  settings_.endpoint.port = flood.port();
  const auto begun = Clock::now();
  EXPECT_TRUE(poll().failure.has_value());
  EXPECT_LT(Clock::now() - begun, kNoHang);
}

TEST_F(HttpsPollerTest, ASlowAnswerInPiecesIsAccepted) {
  given_server();
  server_says({.bytes = answer("{\"slow\":\"DS1\"}"), .between = 1ms});
  EXPECT_EQ(poll().body, "{\"slow\":\"DS1\"}");
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

TEST_F(HttpsPollerTest, TheTimeoutOfOnePollDoesNotAffectTheNext) {
  settings_.request_timeout = kPatience;
  given_server();
  EXPECT_EQ(poll().status, 200u);
  run_for(kPatience + 200ms);
  EXPECT_EQ(server_->open(), 1u);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 1u);
}

}  // namespace
}  // namespace attestrd
