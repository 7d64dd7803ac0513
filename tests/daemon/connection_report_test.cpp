#include "daemon/cli/connection_report.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>
#include <sysexits.h>

#include <chrono>
#include <string>

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using Kind = TransportFailure::Kind;

constexpr std::string_view kUnknown = R"({"code":4002,"message":"none"})";

/// The answer to one request, at 2026-11-27T12:00:00Z.
class ConnectionReportTest : public testing::Test {
 protected:
  ConnectionReportTest() {
    probe_.addresses = {"192.0.2.1", "2001:db8::1"};
    probe_.peer = TlsPeer{
        "192.0.2.1", "TLSv1.3", {{"CN=api.attestr.com", kNow + 59 * 24h + 1h}, {"", kNow - 1h}}};
    answer(404, std::string(kUnknown));
  }

  void answer(unsigned status, std::string body, std::string date = kDate) {
    probe_.response = ProbeResponse{status, std::move(date), "", std::move(body)};
  }

  ConnectionReport report() const {
    return report_connection(probe_, config_, *HandshakeId::parse("DSnone"), kNow);
  }

  /// Returns the exit code, and the failure.
  std::pair<int, std::string> failure() const {
    const auto made = report();
    return {made.exit_code, made.failure};
  }

  void fails(Kind kind, std::string detail) {
    probe_.response.reset();
    probe_.failure = TransportFailure{kind, std::move(detail)};
  }

  static constexpr Wall kNow{
      std::chrono::sys_days(std::chrono::year(2026) / 11 / 27).time_since_epoch() + 12h};
  static constexpr const char* kDate = "Fri, 27 Nov 2026 12:00:00 GMT";

  ProbeReport probe_;
  Config config_;
};

TEST_F(ConnectionReportTest, ShowsWhatWasFound) {
  EXPECT_EQ(report().found,
            "DNS                   api.attestr.com: 192.0.2.1, 2001:db8::1\n"
            "TLS                   TLSv1.3 with api.attestr.com, at 192.0.2.1\n"
            "certificate           CN=api.attestr.com, 59 days left\n"
            "issued by             (no subject), -1 days left\n"
            "token                 accepted\n"
            "clock                 that of this host agrees with the server's\n");
  EXPECT_EQ(report().failure, "");
  EXPECT_EQ(report().warning, "");
  EXPECT_EQ(report().exit_code, EX_OK);
}

TEST_F(ConnectionReportTest, ASubjectCanNotForgeLines) {
  probe_.peer->chain = {{"CN=a\ntoken", kNow}};
  EXPECT_NE(report().found.find("CN=a\\x0atoken, 0 days left\n"), std::string::npos);
}

TEST_F(ConnectionReportTest, NamesTheProxy) {
  config_.api.proxy = Endpoint{"proxy.example", 3128};
  EXPECT_TRUE(report().found.starts_with(
      "DNS of the proxy      proxy.example: 192.0.2.1, 2001:db8::1\n"
      "TLS                   TLSv1.3 with api.attestr.com, through 192.0.2.1\n"))
      << report().found;
}

TEST_F(ConnectionReportTest, WarnsOfAWrongClock) {
  answer(404, std::string(kUnknown), "Fri, 27 Nov 2026 11:50:00 GMT");
  EXPECT_EQ(report().warning,
            "the clock of this host differs by 10m 0s from the server's: synchronize it");
  EXPECT_NE(report().found.find("clock                 that of this host is 10m 0s ahead of the "
                                "server's\n"),
            std::string::npos)
      << report().found;
  EXPECT_EQ(report().exit_code, EX_OK);
  answer(404, std::string(kUnknown), "Fri, 27 Nov 2026 12:00:02 GMT");
  EXPECT_EQ(report().warning, "");
  EXPECT_NE(report().found.find("is 2s behind the server's\n"), std::string::npos);
  answer(404, std::string(kUnknown), "");
  EXPECT_NE(report().found.find("not known: the answer has no Date\n"), std::string::npos);
}

TEST_F(ConnectionReportTest, AnAnswerToAHandshakeProvesTheToken) {
  answer(200, R"({"_id":"DSnone","consumed":false,"archived":null,"result":null})");
  EXPECT_EQ(report().exit_code, EX_OK);
  answer(400, R"({"code":4001,"message":"bad id"})");
  EXPECT_EQ(report().exit_code, EX_OK);
}

TEST_F(ConnectionReportTest, TroubleOfTheAccountHasItsExitCode) {
  answer(401, "");
  EXPECT_EQ(failure(), std::pair(EX_NOPERM, std::string("Attestr refuses the token (status 401); "
                                                        "put that of your account into auth-token "
                                                        "(api.auth_token_file)")));
  EXPECT_EQ(report().found.find("token"), std::string::npos);
  answer(403, "");
  EXPECT_EQ(report().exit_code, EX_NOPERM);
  answer(429, "");
  EXPECT_EQ(report().exit_code, EX_UNAVAILABLE);
  answer(400, R"({"code":40051,"message":"version"})");
  EXPECT_EQ(report().exit_code, EX_CONFIG);
}

TEST_F(ConnectionReportTest, AnAnswerOfAnotherServerProvesNothing) {
  answer(404, "<html>not found");
  EXPECT_EQ(failure().first, EX_UNAVAILABLE);
  EXPECT_TRUE(failure().second.ends_with(
      "the token was not checked; check api.url; if it is right, try again later"))
      << failure().second;
  answer(200, "<html>welcome");
  EXPECT_EQ(failure().first, EX_UNAVAILABLE);
  EXPECT_EQ(failure().second.find("html>"), std::string::npos);
}

TEST_F(ConnectionReportTest, AFailureSaysWhatToDo) {
  fails(Kind::connect, "host a: Connection refused");
  EXPECT_EQ(failure(), std::pair(EX_UNAVAILABLE,
                                 std::string("host a: Connection refused; check api.url and the "
                                             "firewall, or set api.proxy")));
  const auto fault = [](int reason) {
    return std::string("host a: ") + X509_verify_cert_error_string(reason);
  };
  fails(Kind::certificate, fault(X509_V_ERR_HOSTNAME_MISMATCH));
  EXPECT_EQ(failure(),
            std::pair(EX_CONFIG, std::string("the certificate is not accepted: host a: hostname "
                                             "mismatch; check the host in api.url")));
  fails(Kind::certificate, fault(X509_V_ERR_CERT_HAS_EXPIRED));
  EXPECT_EQ(failure().first, EX_UNAVAILABLE);
  fails(Kind::certificate, fault(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN));
  EXPECT_EQ(failure().first, EX_CONFIG);
  fails(Kind::shortage, "host a: Too many open files");
  EXPECT_EQ(failure().first, EX_UNAVAILABLE);
}

}  // namespace
}  // namespace attestrd
