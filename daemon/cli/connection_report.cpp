#include "daemon/cli/connection_report.h"

#include <fmt/format.h>
#include <openssl/x509_vfy.h>
#include <sysexits.h>

#include <chrono>
#include <cstdint>
#include <ratio>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/escape.h"
#include "base/limits.h"
#include "daemon/control/plain_words.h"
#include "http/http_date.h"
#include "poll/answer.h"

namespace attestrd {
namespace {

using Kind = TransportFailure::Kind;

/// A failure: what it is, and what to do about it.
struct Verdict {
  int exit_code = EX_OK;
  std::string what;
  std::string advice;
};

/// Returns whether OpenSSL did not accept a certificate for this reason. The detail of the failure
/// ends with the name of the reason.
bool is_for(const TransportFailure& failure, int reason) {
  return failure.detail.ends_with(X509_verify_cert_error_string(reason));
}

Verdict verdict_on_certificate(const TransportFailure& failure) {
  const auto what = "the certificate is not accepted: " + failure.detail;
  for (const int reason : {X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH})
    if (is_for(failure, reason)) return {EX_CONFIG, what, "check the host in api.url"};
  if (is_for(failure, X509_V_ERR_CERT_HAS_EXPIRED))
    return {EX_UNAVAILABLE, what, "check the clock of this host, or ask the owner of the server"};
  if (is_for(failure, X509_V_ERR_CERT_NOT_YET_VALID))
    return {EX_UNAVAILABLE, what, "check the clock of this host"};
  return {EX_CONFIG, what, "check api.ca_file, or install ca-certificates if it is empty"};
}

std::string advice_for(Kind kind, const Config& config) {
  const bool has_proxy = config.api.proxy.has_value();
  switch (kind) {
    case Kind::resolve:
      return has_proxy ? "check api.proxy and the DNS of this host"
                       : "check api.url and the DNS of this host";
    case Kind::connect:
      if (!config.api.source_address.empty())
        return "check api.source_address, the routes and the firewall";
      return has_proxy ? "check api.proxy, and what the proxy may reach"
                       : "check api.url and the firewall, or set api.proxy";
    case Kind::tls: return "check that api.url is the address of an https server";
    case Kind::proxy: return "check api.proxy and api.proxy_auth_file";
    case Kind::timeout:
    case Kind::reset:
    case Kind::framing:
    case Kind::too_large: return "check api.url; if it is right, try again later";
    case Kind::shortage: return "try again once this host has free descriptors and memory";
    case Kind::certificate: break;
  }
  check_failed("a failure has an advice", __FILE__, __LINE__);
}

Verdict verdict_on(const TransportFailure& failure, const Config& config) {
  if (failure.kind == Kind::certificate) return verdict_on_certificate(failure);
  return {EX_UNAVAILABLE, failure.detail, advice_for(failure.kind, config)};
}

Verdict verdict_on(const AccountTrouble& trouble, const Config& config) {
  using Trouble = AccountTrouble::Kind;
  const auto what = [&trouble](std::string_view words) {
    return fmt::format("{} (status {}{})", words, trouble.status,
                       trouble.code == 0 ? "" : fmt::format(", code {}", trouble.code));
  };
  switch (trouble.kind) {
    case Trouble::unauthorized:
      return {EX_NOPERM, what("Attestr refuses the token"),
              fmt::format("put that of your account into {} (api.auth_token_file)",
                          config.api.auth_token_file)};
    case Trouble::forbidden:
      return {EX_NOPERM, what("the account may not call this API"), "ask Attestr to allow it"};
    case Trouble::low_credits:
      return {EX_UNAVAILABLE, what("the account has no credits left"), "buy some"};
    case Trouble::wrong_version:
      return {EX_CONFIG, what("Attestr does not know the version"), "check api.version"};
    case Trouble::rate_limited:
    case Trouble::daily_limit:
      return {EX_UNAVAILABLE, what("too many requests: the token was not checked"),
              "try again later"};
  }
  check_failed("trouble of the account has a verdict", __FILE__, __LINE__);
}

/// Returns the verdict on an answer. Those to a handshake prove that the token was accepted.
Verdict verdict_on(const Answer& answer, const Config& config) {
  if (const auto* const trouble = std::get_if<AccountTrouble>(&answer))
    return verdict_on(*trouble, config);
  if (const auto* const trouble = std::get_if<ServerTrouble>(&answer))
    return {EX_UNAVAILABLE,
            fmt::format("the server answers with status {}: the token was not checked",
                        trouble->status),
            "check api.url; if it is right, try again later"};
  if (const auto* const invalid = std::get_if<Invalid>(&answer))
    return {EX_UNAVAILABLE,
            fmt::format("the answer is not one of Attestr's (status {}, {}): the token was not "
                        "checked",
                        invalid->status, name_of(invalid->reason)),
            "check api.url, and what stands between this host and Attestr"};
  return {};
}

std::int64_t days_until(Wall end, Wall now) {
  using Days = std::chrono::duration<std::int64_t, std::ratio<24 * 60 * 60>>;
  return std::chrono::floor<Days>(end - now).count();
}

void add_addresses(TextRows& rows, const ProbeReport& probe, const Config& config) {
  const Endpoint& peer = config.api.proxy ? *config.api.proxy : config.api.url;
  rows.add(config.api.proxy ? "DNS of the proxy" : "DNS",
           peer.is_address() ? fmt::format("{} is an address", peer.host)
                             : fmt::format("{}: {}", peer.host, fmt::join(probe.addresses, ", ")));
}

void add_peer(TextRows& rows, const TlsPeer& peer, const Config& config, Wall now) {
  rows.add("TLS", fmt::format("{} with {}, {} {}", peer.version, config.api.url.host,
                              config.api.proxy ? "through" : "at", peer.address));
  std::string_view name = "certificate";
  for (const ChainCertificate& each : peer.chain) {
    const auto subject = escaped(each.subject, kPrintableEscapes);
    const auto days = days_until(each.valid_until, now);
    rows.add(std::exchange(name, "issued by"),
             fmt::format("{}, {} {} left", subject.empty() ? "(no subject)" : subject, days,
                         days == 1 ? "day" : "days"));
  }
}

/// Adds the difference of the clocks, as far as a Date in whole seconds shows it. Returns a warning
/// if it is large.
std::string add_clock(TextRows& rows, const ProbeResponse& response, Wall now) {
  const auto date = read_http_date(response.date, now);
  if (!date) {
    rows.add("clock", "not known: the answer has no Date");
    return {};
  }
  using std::chrono::seconds;
  const auto ahead = std::chrono::floor<seconds>(*date - std::chrono::floor<seconds>(now));
  const auto difference = rough(ahead < ahead.zero() ? -ahead : ahead);
  const bool is_ahead = ahead > ahead.zero();
  rows.add("clock", ahead == ahead.zero()
                        ? "that of this host agrees with the server's"
                        : fmt::format("that of this host is {} {}", difference,
                                      is_ahead ? "behind the server's" : "ahead of the server's"));
  if (std::chrono::abs(ahead) <= limits::kClockDifference) return {};
  return fmt::format("the clock of this host differs by {} from the server's: synchronize it",
                     difference);
}

}  // namespace

ConnectionReport report_connection(const ProbeReport& probe, const Config& config,
                                   const HandshakeId& asked, Wall now) {
  TextRows rows;
  ConnectionReport report;
  Verdict verdict;
  if (!probe.addresses.empty()) add_addresses(rows, probe, config);
  if (probe.peer) add_peer(rows, *probe.peer, config, now);
  if (probe.failure) verdict = verdict_on(*probe.failure, config);
  if (probe.response) {
    verdict = verdict_on(read_answer(probe.response->view(), asked), config);
    if (verdict.exit_code == EX_OK) rows.add("token", "accepted");
    report.warning = add_clock(rows, *probe.response, now);
  }
  report.found = rows.take();
  report.exit_code = verdict.exit_code;
  if (verdict.exit_code != EX_OK)
    report.failure = fmt::format("{}; {}", verdict.what, verdict.advice);
  return report;
}

}  // namespace attestrd
