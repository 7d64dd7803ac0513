#pragma once

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
#include "poll/https_poller.h"

namespace attestrd {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Step = ScriptedServer::Step;
using Kind = TransportFailure::Kind;
using Then = Step::Then;
using Clock = std::chrono::steady_clock;

/// An upper bound for calls that must not hang: far more than they take, and less than the timeouts
/// of the fixture.
constexpr std::chrono::seconds kNoHang{15};

inline const std::string kToken = "aHVudGVyMg==";

inline std::string answer(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

/// A body for the handshake that poll() asks for by default. The poller closes the connection after
/// a body that does not name the handshake.
inline const std::string kBody = R"({"_id":"DS1"})";

inline HandshakeId id(std::string_view text) { return HandshakeId::parse(text).value(); }

inline const CertificateAuthority& authority() {
  static const CertificateAuthority made;
  return made;
}

/// A copy of a reply that contains no view.
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

inline Heard heard(const PollReply& reply) {
  if (const auto* failure = std::get_if<TransportFailure>(&reply)) {
    return {
        .failure = failure->kind, .detail = failure->detail, .depth = failure->certificate_depth};
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
    directory_ =
        std::filesystem::temp_directory_path() / ("attestrd-poller-" + std::to_string(getpid()));
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
    server_->otherwise.bytes = answer(kBody);
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
    run_until([this, count] { return replies_.size() >= count; });
    ASSERT_EQ(replies_.size(), count);
  }

  /// Runs the loop until the condition holds, for up to 60 s on a busy machine.
  template <class Condition>
  void run_until(Condition condition) {
    const auto until = Clock::now() + 60s;
    while (!condition() && Clock::now() < until) events_.run_one_for(100ms);
    ASSERT_TRUE(condition());
  }

  void run_until_open(std::size_t connections) {
    run_until([this, connections] { return server_->open() == connections; });
  }

  /// Runs the loop for a fixed time, to check that nothing happens.
  void run_for(std::chrono::milliseconds time) { events_.run_for(time); }

  /// Shuts down sending on the poller's sockets of all connections to the server, without the
  /// poller's knowledge.
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
  std::list<ScriptedServer> servers_;  ///< Kept alive: their coroutines go on.
  ScriptedServer* server_ = nullptr;
  HttpsPollerSettings settings_{.endpoint = {"localhost", 443, Endpoint::Kind::name},
                                .version = "v1",
                                .auth_token = Secret(kToken),
                                .user_agent = "attestrd/test",
                                .ca_file = "",
                                .connections = 4,
                                .connect_timeout = 20s,  // Longer than kNoHang.
                                .request_timeout = 20s,
                                .max_response_bytes = 100'000};
  std::unique_ptr<HttpsPoller> poller_;
  std::map<Poller::Ticket, Heard> replies_;
  std::function<void()> on_reply_;

 private:
  std::filesystem::path directory_;
  bool in_start_ = false;
  Poller::Ticket next_ticket_ = 1000;
};

}  // namespace attestrd
