#include "io/https_poller_scene.h"

namespace attestrd {
namespace {

// Authentication of the server.

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

TEST_F(HttpsPollerTest, TrustsTheCertificateOfTheServerItself) {
  const auto identity = authority().issue("DNS:localhost");
  settings_.ca_file = write("leaf.pem", identity.certificate);
  given_server(identity);
  EXPECT_EQ(poll().status, 200u);
}

TEST_F(HttpsPollerTest, ATrustedCertificateMustStillNameTheHost) {
  const auto identity = authority().issue("DNS:other.example");
  settings_.ca_file = write("leaf.pem", identity.certificate);
  given_server(identity);
  const auto reply = poll();
  EXPECT_EQ(reply.failure, Kind::certificate);
  EXPECT_THAT(reply.detail, HasSubstr("mismatch"));
}

TEST_F(HttpsPollerTest, ATrustedCertificateMustStillBeValid) {
  const auto identity = authority().issue("DNS:localhost", -60);
  settings_.ca_file = write("leaf.pem", identity.certificate);
  given_server(identity);
  EXPECT_EQ(poll().failure, Kind::certificate);
}

TEST_F(HttpsPollerTest, TheSystemsStoreDoesNotTrustTheTestAuthority) {
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

TEST_F(HttpsPollerTest, ConnectsByIpv6) {
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

}  // namespace
}  // namespace attestrd
