#include "http/https_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "io/certificates.h"
#include "io/scripted_server.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Kind = TransportFailure::Kind;
using Then = ScriptedServer::Step::Then;

const std::string kRequest = "GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kOther = "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string answer(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

/// The events that a connection reported.
struct Log {
  std::vector<std::optional<Kind>> ends;
  int lost = 0;
  std::function<void(std::size_t)> on_large;  ///< Grants at once, if the test sets no other.
};

class HttpsConnectionTest : public testing::Test {
 protected:
  HttpsConnectionTest() {
    std::ofstream(ca_file_) << authority_.certificate();
    server_.otherwise.bytes = answer("{}");
  }
  ~HttpsConnectionTest() override { std::filesystem::remove(ca_file_); }

  std::shared_ptr<HttpsConnection> make_connection(std::uint16_t port, Log& log) {
    const auto target = HttpsTarget::make(events_.get_executor(),
                                          {.endpoint = {"localhost", port, Endpoint::Kind::name},
                                           .ca_file = ca_file_,
                                           .connect_timeout = 20s,
                                           .request_timeout = 20s,
                                           .max_response_bytes = std::size_t{1} << 28});
    EXPECT_TRUE(target.has_value());
    HttpsConnection::Events events{
        .on_end =
            [&log](HttpsConnection::Failure failure) {
              log.ends.push_back(failure ? std::optional(failure->kind) : std::nullopt);
            },
        .on_lost = [&log] { ++log.lost; },
        .on_large = [&log](std::size_t bytes) { log.on_large(bytes); }};
    auto made =
        std::make_shared<HttpsConnection>(events_.get_executor(), *target, std::move(events));
    log.on_large = [connection = made.get()](std::size_t bytes) { connection->grant(bytes); };
    return made;
  }

  std::shared_ptr<HttpsConnection> make_connection() {
    return make_connection(server_.port(), log_);
  }

  template <class Condition>
  void run_until(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (!condition() && std::chrono::steady_clock::now() < until) events_.run_one_for(100ms);
    ASSERT_TRUE(condition());
  }

  void run_until_ends(std::size_t count) {
    run_until([this, count] { return log_.ends.size() == count; });
  }

  const std::string ca_file_ = std::filesystem::temp_directory_path() /
                               ("attestrd-connection-" + std::to_string(getpid()) + ".pem");
  boost::asio::io_context events_{1};
  CertificateAuthority authority_;
  ScriptedServer server_{events_, authority_.issue("DNS:localhost")};
  Log log_;
};

TEST_F(HttpsConnectionTest, ServesOneRequestAfterAnother) {
  const auto connection = make_connection();
  EXPECT_FALSE(connection->is_idle());
  for (const auto& request : {kRequest, kOther}) {
    connection->exchange(request);
    EXPECT_FALSE(connection->is_idle());
    run_until([&] { return connection->is_idle(); });
    EXPECT_EQ(connection->response().status, 200u);
    EXPECT_EQ(connection->body(), "{}");
  }
  EXPECT_THAT(server_.requests(), ElementsAre(kRequest, kOther));
  EXPECT_EQ(server_.accepted(), 1u);
  EXPECT_THAT(log_.ends, ElementsAre(std::nullopt, std::nullopt));
}

TEST_F(HttpsConnectionTest, SendsARequestOfManyRecords) {
  const auto connection = make_connection();
  const std::string large = "GET / HTTP/1.1\r\nX-Filler: " + std::string(200'000, 'x') + "\r\n\r\n";
  connection->exchange(large);
  run_until_ends(1);
  EXPECT_THAT(server_.requests(), ElementsAre(large));
}

TEST_F(HttpsConnectionTest, AFailureClosesTheConnection) {
  server_.script.push_back({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", Then::close});
  const auto connection = make_connection();
  connection->exchange(kRequest);
  run_until_ends(1);
  EXPECT_EQ(log_.ends[0], Kind::reset);
  EXPECT_FALSE(connection->is_idle());
  EXPECT_FALSE(connection->is_unanswered());
}

TEST_F(HttpsConnectionTest, ClosingEndsAnExchangeSilently) {
  server_.otherwise = {.bytes = "", .then = Then::hang};
  const auto connection = make_connection();
  connection->exchange(kRequest);
  run_until([this] { return !server_.requests().empty(); });
  connection->close();
  run_until([this] { return server_.open() == 0; });
  EXPECT_TRUE(log_.ends.empty());
}

TEST_F(HttpsConnectionTest, ClosingWhileItOpensIsSilent) {
  const auto connection = make_connection();
  connection->exchange(kRequest);
  for (int turns = 0; turns < 4; ++turns) events_.run_one_for(100ms);
  connection->close();
  events_.run_for(50ms);
  EXPECT_TRUE(log_.ends.empty());
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(HttpsConnectionTest, TheLoopMayEndBeforeAConnectionThatOpens) {
  auto loop = std::make_unique<boost::asio::io_context>(1);
  boost::asio::ip::tcp::acceptor silent(events_, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const auto target = HttpsTarget::make(
      loop->get_executor(),
      {.endpoint = {"127.0.0.1", silent.local_endpoint().port(), Endpoint::Kind::ipv4},
       .ca_file = ca_file_,
       .connect_timeout = 20s,
       .request_timeout = 20s,
       .max_response_bytes = 1000});
  ASSERT_TRUE(target.has_value());
  auto connection = std::make_shared<HttpsConnection>(
      loop->get_executor(), *target,
      HttpsConnection::Events{.on_end = [](const auto&) { FAIL(); },
                              .on_lost = [] { FAIL(); },
                              .on_large = [](std::size_t) { FAIL(); }});
  connection->exchange(kRequest);
  loop->run_for(100ms);
  connection.reset();
  loop.reset();
}

TEST_F(HttpsConnectionTest, ReportsThatAnIdleConnectionWasLost) {
  const auto connection = make_connection();
  connection->exchange(kRequest);
  run_until_ends(1);
  connection->watch();
  EXPECT_TRUE(connection->is_silent());
  server_.hang_up();
  run_until([this] { return log_.lost == 1; });
  EXPECT_FALSE(connection->is_idle());
}

TEST_F(HttpsConnectionTest, AWatchSurvivesExchanges) {
  const auto connection = make_connection();
  for (std::size_t i = 1; i < 4; ++i) {
    connection->exchange(kRequest);
    run_until_ends(i);
    ASSERT_TRUE(connection->is_idle());
    connection->watch();
  }
  EXPECT_EQ(log_.lost, 0);
  server_.blurt("x");
  EXPECT_FALSE(connection->is_silent());
  run_until([this] { return log_.lost == 1; });
}

TEST_F(HttpsConnectionTest, ALargeAnswerIsReadOnceItHasItsMemory) {
  const std::string body(limits::kSmallAnswerBytes + 1, 'x');
  server_.script.push_back({answer(body)});
  const auto connection = make_connection();
  std::optional<std::size_t> wanted;
  log_.on_large = [&wanted](std::size_t bytes) { wanted = bytes; };
  connection->exchange(kRequest);
  run_until([&wanted] { return wanted.has_value(); });
  EXPECT_EQ(*wanted, body.size());
  events_.run_for(50ms);
  EXPECT_TRUE(log_.ends.empty());
  EXPECT_LE(connection->body().size(), limits::kSmallAnswerBytes);
  connection->grant(*wanted);
  run_until_ends(1);
  EXPECT_EQ(log_.ends[0], std::nullopt);
  EXPECT_EQ(connection->body(), body);
}

TEST_F(HttpsConnectionTest, AnAnswerWithoutALengthMayBecomeTheLargest) {
  const std::string piece = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 6; ++i) chunks += piece;
  server_.script.push_back({chunks + "0\r\n\r\n"});
  const auto connection = make_connection();
  std::vector<std::size_t> wanted;
  log_.on_large = [&](std::size_t bytes) {
    wanted.push_back(bytes);
    connection->grant(bytes);
  };
  connection->exchange(kRequest);
  run_until_ends(1);
  EXPECT_THAT(wanted, ElementsAre(std::size_t{1} << 28));
  EXPECT_EQ(connection->body().size(), std::size_t{6 * 0x4000});
}

TEST_F(HttpsConnectionTest, SmallAnswersWaitForNoMemory) {
  const auto connection = make_connection();
  log_.on_large = [](std::size_t) { FAIL(); };
  server_.script.push_back({answer(std::string(limits::kSmallAnswerBytes, 'x'))});
  server_.script.push_back({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n" +
                            std::string(0x4000, 'x') + "\r\n0\r\n\r\n"});
  for (std::size_t i = 1; i <= 2; ++i) {
    connection->exchange(kRequest);
    run_until_ends(i);
    EXPECT_EQ(log_.ends.back(), std::nullopt);
  }
}

TEST_F(HttpsConnectionTest, AnAnswerWithoutMemoryEndsInTimeAndIsNoFaultOfTheServer) {
  server_.script.push_back({answer(std::string(100'000, 'x'))});
  const auto connection = make_connection();
  bool is_waiting = false;
  log_.on_large = [&is_waiting](std::size_t) { is_waiting = true; };
  connection->exchange(kRequest);
  run_until([&is_waiting] { return is_waiting; });
  connection->end_if_late(std::chrono::steady_clock::now() + 1h);
  EXPECT_THAT(log_.ends, ElementsAre(Kind::shortage));
  EXPECT_FALSE(connection->is_unanswered());
}

TEST_F(HttpsConnectionTest, AnEndlessAnswerDelaysNoOtherExchange) {
  boost::asio::io_context elsewhere{1};
  ScriptedServer endless(elsewhere, authority_.issue("DNS:localhost"));
  const std::string piece = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  endless.script.push_back(
      {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .endless = piece});
  const std::jthread thread([&elsewhere] { elsewhere.run_for(60s); });
  Log endless_log;
  const auto busy = make_connection(endless.port(), endless_log);
  busy->exchange(kRequest);
  run_until([&] { return busy->body().size() > 1'000'000; });

  const auto connection = make_connection();
  connection->exchange(kOther);
  const auto before = busy->body().size();
  run_until_ends(1);
  EXPECT_EQ(log_.ends[0], std::nullopt);
  EXPECT_TRUE(endless_log.ends.empty());
  // The endless exchange went on too, with at most a buffer per turn of the loop.
  EXPECT_GT(busy->body().size(), before);
  busy->close();
  elsewhere.stop();
}

}  // namespace
}  // namespace attestrd
