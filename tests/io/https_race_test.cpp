#include "http/https_race.h"

#include <boost/asio/co_spawn.hpp>

#include "io/https_poller_scene.h"

namespace attestrd {
namespace {

using boost::asio::ip::tcp;

class HttpsRaceTest : public HttpsPollerTest {
 protected:
  HttpsRace::Opened race(HttpsAddresses::List addresses, Clock::duration time = 20s) {
    const auto target = HttpsTarget::make(events_.get_executor(),
                                          {.endpoint = {"localhost", 1, Endpoint::Kind::name},
                                           .ca_file = settings_.ca_file,
                                           .connect_timeout = 20s,
                                           .request_timeout = 20s,
                                           .max_response_bytes = 1000});
    const auto race = std::make_shared<HttpsRace>(events_.get_executor(), *target,
                                                  std::move(addresses), Clock::now() + time);
    std::optional<HttpsRace::Opened> outcome;
    boost::asio::co_spawn(events_, race->run(), [&outcome](auto, HttpsRace::Opened opened) {
      outcome = std::move(opened);
    });
    run_until([&outcome] { return outcome.has_value(); });
    return *std::move(outcome);
  }

  tcp::endpoint address() const {
    return {boost::asio::ip::make_address("127.0.0.1"), server_->port()};
  }

  tcp::endpoint refusing() {
    given_server();
    const auto given = address();
    server_->refuse();
    return given;
  }
};

std::uint16_t port_of(const HttpsRace::Opened& opened) {
  const auto* const stream = std::get_if<std::unique_ptr<TlsStream>>(&opened);
  return stream != nullptr ? (*stream)->next_layer().remote_endpoint().port() : 0;
}

TEST_F(HttpsRaceTest, TheNextAddressIsTriedAfterARefusal) {
  const auto bad = refusing();
  given_server();
  EXPECT_EQ(port_of(race({bad, bad, address()})), server_->port());
}

TEST_F(HttpsRaceTest, ABadCertificateDoesNotHideTheNextAddress) {
  given_server("DNS:other.example");
  const auto bad = address();
  given_server();
  EXPECT_EQ(port_of(race({bad, address()})), server_->port());
}

TEST_F(HttpsRaceTest, ASilentHandshakeDoesNotHideTheNextAddress) {
  given_server("DNS:localhost", 3600, {.greets = false});
  const auto bad = address();
  given_server();
  EXPECT_EQ(port_of(race({bad, address()}, 5s)), server_->port());
}

TEST_F(HttpsRaceTest, AnAddressThatDoesNotAnswerDoesNotHideTheNext) {
  // The queue of a listener that accepts nothing is full after two connections.
  boost::asio::io_context other;
  tcp::acceptor full(other, {boost::asio::ip::make_address("127.0.0.1"), 0});
  full.listen(0);
  std::list<tcp::socket> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(other).async_connect(full.local_endpoint(), [](auto) {});
  }
  other.run_for(50ms);
  given_server();
  const auto begun = Clock::now();
  EXPECT_EQ(port_of(race({full.local_endpoint(), address()})), server_->port());
  EXPECT_GE(Clock::now() - begun, limits::kConnectionAttemptDelay);
  EXPECT_LT(Clock::now() - begun, kNoHang);
}

TEST_F(HttpsRaceTest, TheFailureThatGotFurthestIsReported) {
  given_server("DNS:other.example");
  const auto untrusted = address();
  const auto opened = race({untrusted, refusing()});
  ASSERT_TRUE(std::holds_alternative<TransportFailure>(opened));
  EXPECT_EQ(std::get<TransportFailure>(opened).kind, Kind::certificate);
}

TEST_F(HttpsRaceTest, EndsInTime) {
  given_server("DNS:localhost", 3600, {.greets = false});
  const auto opened = race({address()}, 100ms);
  ASSERT_TRUE(std::holds_alternative<TransportFailure>(opened));
  EXPECT_EQ(std::get<TransportFailure>(opened).detail, "host localhost: no TLS handshake in time");
}

}  // namespace
}  // namespace attestrd
