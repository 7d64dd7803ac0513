#include "http/proxy/https_tunnel.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <limits>

#include "io/https_poller_scene.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

const std::string kOpened = "HTTP/1.1 200 Connection established\r\n\r\n";

/// A proxy that follows a script, on the event loop of the test.
class ScriptedProxy {
 public:
  explicit ScriptedProxy(asio::io_context& events)
      : events_(events), acceptor_(events, {asio::ip::make_address("127.0.0.1"), 0}) {
    asio::co_spawn(events_, accept(), asio::detached);
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  Endpoint endpoint() const { return {"127.0.0.1", port(), Endpoint::Kind::ipv4}; }

  std::string answer = kOpened;
  std::string endless;         ///< Sent afterwards without end, if not empty.
  std::uint16_t leads_to = 0;  ///< The port of the server; 0: the proxy closes after its answer.
  bool is_silent = false;      ///< It answers nothing, and keeps the connection open.
  std::size_t dies_after = std::numeric_limits<std::size_t>::max();  ///< Bytes from the server.

  std::vector<std::string> requests;
  std::vector<std::string> clients;  ///< Their addresses.

 private:
  using Socket = std::shared_ptr<tcp::socket>;

  asio::awaitable<void> accept() {
    for (;;) {
      auto socket =
          std::make_shared<tcp::socket>(co_await acceptor_.async_accept(asio::use_awaitable));
      clients.push_back(socket->remote_endpoint().address().to_string());
      asio::co_spawn(events_, serve(socket), asio::detached);
    }
  }

  asio::awaitable<void> serve(Socket client) {
    std::string head;
    error_code error;
    co_await asio::async_read_until(*client, asio::dynamic_buffer(head), "\r\n\r\n",
                                    asio::redirect_error(asio::use_awaitable, error));
    requests.push_back(head);
    if (is_silent) {
      silent_.push_back(client);
      co_return;
    }
    co_await asio::async_write(*client, asio::buffer(answer),
                               asio::redirect_error(asio::use_awaitable, error));
    while (!endless.empty() && !error)
      co_await asio::async_write(*client, asio::buffer(endless),
                                 asio::redirect_error(asio::use_awaitable, error));
    if (leads_to == 0) co_return;
    auto server = std::make_shared<tcp::socket>(events_);
    co_await server->async_connect({asio::ip::make_address("127.0.0.1"), leads_to},
                                   asio::redirect_error(asio::use_awaitable, error));
    asio::co_spawn(events_, pump(client, server, std::numeric_limits<std::size_t>::max()),
                   asio::detached);
    co_await pump(server, client, dies_after);
  }

  asio::awaitable<void> pump(Socket from, Socket to, std::size_t most) {
    error_code error;
    std::string bytes(16384, '\0');
    while (!error && most > 0) {
      const auto count = co_await from->async_read_some(
          asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
      const auto passed = std::min(count, most);
      most -= passed;
      if (!error)
        co_await asio::async_write(*to, asio::buffer(bytes.data(), passed),
                                   asio::redirect_error(asio::use_awaitable, error));
    }
    from->close(error);
    to->close(error);
  }

  asio::io_context& events_;
  tcp::acceptor acceptor_;
  std::vector<Socket> silent_;
};

class HttpsTunnelTest : public HttpsPollerTest {
 protected:
  HttpsTunnelTest() { settings_.proxy = proxy_.endpoint(); }

  void given_server_behind(const std::string& names = "DNS:localhost") {
    given_server(names);
    proxy_.leads_to = server_->port();
  }

  /// Polls through a proxy that gives this answer and no tunnel.
  Heard refusal(const std::string& answer) {
    proxy_.answer = answer;
    auto reply = poll();
    EXPECT_EQ(reply.failure, Kind::proxy) << reply.detail;
    return reply;
  }

  std::string proxy_name() const { return "proxy 127.0.0.1:" + std::to_string(proxy_.port()); }

  ScriptedProxy proxy_{events_};
};

TEST_F(HttpsTunnelTest, PollsThroughTheTunnel) {
  given_server_behind();
  EXPECT_EQ(poll().body, kBody);
  EXPECT_EQ(poll().body, kBody);
  const auto port = std::to_string(server_->port());
  ASSERT_EQ(proxy_.requests.size(), 1U) << "the connection is kept";
  EXPECT_EQ(proxy_.requests[0],
            "CONNECT localhost:" + port + " HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n");
}

TEST_F(HttpsTunnelTest, TheProxyFindsTheHostAndTlsStillChecksIt) {
  settings_.endpoint.host = "attestr.invalid";  // It has no address (RFC 6761, 6.4).
  given_server_behind("DNS:attestr.invalid");
  EXPECT_EQ(poll().body, kBody);
}

TEST_F(HttpsTunnelTest, TheServerBehindTheTunnelMustProveItsName) {
  given_server_behind("DNS:other.example");
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::certificate);
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(HttpsTunnelTest, SendsCredentialsToTheProxyAlone) {
  given_server_behind();
  settings_.proxy_auth = Secret("user:password");
  EXPECT_EQ(poll().body, kBody);
  EXPECT_THAT(proxy_.requests[0], HasSubstr("Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n"));
  EXPECT_THAT(server_->requests()[0], Not(HasSubstr("Proxy-Authorization")));
  EXPECT_THAT(proxy_.requests[0], Not(HasSubstr(kToken)));
}

TEST_F(HttpsTunnelTest, AMissingPasswordIsNamed) {
  const auto reply = refusal("HTTP/1.1 407 no\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(reply.detail,
            proxy_name() + " demands a user and a password (407); set api.proxy_auth_file");
}

TEST_F(HttpsTunnelTest, AWrongPasswordIsNamed) {
  settings_.proxy_auth = Secret("user:password");
  EXPECT_EQ(refusal("HTTP/1.0 407 \r\n\r\n").detail,
            proxy_name() + " does not accept api.proxy_auth_file (407)");
  EXPECT_EQ(refusal("HTTP/1.0 401 \r\n\r\n").detail,
            proxy_name() + " does not accept api.proxy_auth_file (401)");
}

TEST_F(HttpsTunnelTest, ARefusedTunnelIsNamed) {
  for (const auto* status : {"403", "302", "407 "}) {
    const auto reply = refusal("HTTP/1.1 " + std::string(status) + " <secret>\r\n\r\n<secret>");
    EXPECT_THAT(reply.detail, HasSubstr(std::string(status).substr(0, 3)));
    EXPECT_THAT(reply.detail, Not(HasSubstr("secret")));
  }
  EXPECT_THAT(refusal("HTTP/1.1 403 \r\n\r\n").detail,
              HasSubstr(" refuses the tunnel to localhost:"));
}

TEST_F(HttpsTunnelTest, AServerThatTheProxyDoesNotReachIsNoTroubleOfTheProxy) {
  proxy_.answer = "HTTP/1.1 503 <secret>\r\n\r\n<secret>";
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::connect);
  EXPECT_THAT(reply.detail, HasSubstr(" can't reach localhost:"));
  EXPECT_THAT(reply.detail, HasSubstr("(503)"));
  EXPECT_THAT(reply.detail, Not(HasSubstr("secret")));
}

TEST_F(HttpsTunnelTest, AnAnswerThatIsNoHttpIsRefused) {
  EXPECT_EQ(refusal("SSH-2.0-OpenSSH\r\n\r\n").detail,
            proxy_name() + ": its answer is refused: it breaks the grammar of HTTP/1.1");
}

TEST_F(HttpsTunnelTest, AnAnswerIsBounded) {
  refusal("HTTP/1.1 200 OK\r\nA: " + std::string(limits::kHeaderBytes, 'a') + "\r\n\r\n");
  proxy_.endless = "HTTP/1.1 100 Continue\r\n\r\n";
  refusal("");
  proxy_.endless = "A: a\r\n";
  refusal("HTTP/1.1 200 OK\r\n");
}

TEST_F(HttpsTunnelTest, BytesBeforeTheServerSpeaksAreRefused) {
  EXPECT_EQ(refusal(kOpened + "x").detail, proxy_name() + ": bytes follow its answer");
}

TEST_F(HttpsTunnelTest, InterimAnswersAndALengthAreIgnored) {
  given_server_behind();
  proxy_.answer =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 7\r\nProxy-Agent: x\r\n\r\n";
  EXPECT_EQ(poll().body, kBody);
}

TEST_F(HttpsTunnelTest, AProxyThatEndsTheConnectionIsNamed) {
  proxy_.answer = "HTTP/1.1 20";
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::connect);
  EXPECT_EQ(reply.detail, proxy_name() + " ended the connection before the tunnel was open");
}

TEST_F(HttpsTunnelTest, ASilentProxyIsWaitedForInTime) {
  proxy_.is_silent = true;
  settings_.connect_timeout = 100ms;
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::connect);
  EXPECT_EQ(reply.detail, proxy_name() + ": no tunnel in time");
}

TEST_F(HttpsTunnelTest, AProxyThatIsNotThereIsNamed) {
  given_server();
  settings_.proxy->port = server_->port();
  server_->refuse();
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::connect);
  EXPECT_THAT(reply.detail, HasSubstr("proxy 127.0.0.1:"));
  EXPECT_THAT(reply.detail, HasSubstr("Connection refused"));
}

TEST_F(HttpsTunnelTest, AProxyWithoutAnAddressIsNamed) {
  settings_.proxy = {"proxy.invalid", 3128, Endpoint::Kind::name};
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::resolve);
  EXPECT_THAT(reply.detail, HasSubstr("proxy proxy.invalid: "));
}

TEST_F(HttpsTunnelTest, ATunnelThatBreaksDuringAnAnswerIsReplaced) {
  given_server_behind();
  EXPECT_EQ(poll().body, kBody);
  server_says({.bytes = answer(kBody).substr(0, 10), .then = Then::hang});
  start(1);
  run_until([this] { return server_->requests().size() == 2; });
  server_->hang_up();
  run_until_replies(2);
  EXPECT_EQ(replies_[1].failure, Kind::reset);
  EXPECT_EQ(poll().body, kBody);
  EXPECT_EQ(proxy_.requests.size(), 2U);
}

TEST_F(HttpsTunnelTest, AProxyThatDiesWithinTheTlsHandshakeIsATransportFailure) {
  given_server_behind();
  proxy_.dies_after = 100;
  EXPECT_EQ(poll().failure, Kind::tls);
  proxy_.dies_after = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(poll().body, kBody);
}

TEST_F(HttpsTunnelTest, ConnectsFromTheSourceAddress) {
  given_server_behind();
  settings_.source_address = "127.0.0.9";
  EXPECT_EQ(poll().body, kBody);
  EXPECT_THAT(proxy_.clients, testing::ElementsAre("127.0.0.9"));
}

TEST_F(HttpsTunnelTest, ASourceAddressThatIsNotOfThisHostIsNamed) {
  settings_.source_address = "192.0.2.1";  // RFC 5737: of no host.
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::connect);
  EXPECT_EQ(reply.detail, "api.source_address 192.0.2.1: Cannot assign requested address");
}

TEST_F(HttpsTunnelTest, ASourceAddressOfAnotherFamilyIsNamed) {
  settings_.source_address = "::1";
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::connect);
  EXPECT_EQ(reply.detail, "proxy 127.0.0.1: no address of the family of api.source_address (::1)");
}

TEST_F(HttpsTunnelTest, AReloadReplacesTheProxy) {
  given_server_behind();
  EXPECT_EQ(poll().body, kBody);
  ScriptedProxy other(events_);
  other.leads_to = server_->port();
  settings_.proxy = other.endpoint();
  ASSERT_TRUE(poller().reconfigure(settings_).has_value());
  EXPECT_EQ(poll().body, kBody);
  EXPECT_EQ(proxy_.requests.size() + other.requests.size(), 2U);
  poller_.reset();
}

}  // namespace
}  // namespace attestrd
