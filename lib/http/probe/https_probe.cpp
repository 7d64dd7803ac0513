#include "http/probe/https_probe.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <ctime>
#include <memory>
#include <utility>

#include "http/https_addresses.h"
#include "http/https_connection.h"
#include "http/https_tls.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
using Kind = TransportFailure::Kind;

constexpr std::chrono::milliseconds kTick{100};  // The precision of `request_timeout`.

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string subject_of(const X509* certificate) {
  const std::unique_ptr<BIO, FreeBio> text(BIO_new(BIO_s_mem()));
  if (!text) return {};
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* bytes = nullptr;
  const auto length = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(length)};
}

Wall end_of(const X509* certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return {};
  return Wall(std::chrono::seconds(::timegm(&time)));
}

TlsPeer peer_of(const HttpsConnection& connection) {
  SSL* const session = connection.stream()->native_handle();
  TlsPeer peer{connection.address().address().to_string(), SSL_get_version(session), {}};
  const STACK_OF(X509)* const chain = SSL_get0_verified_chain(session);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const X509* const certificate = sk_X509_value(chain, i);
    peer.chain.push_back({subject_of(certificate), end_of(certificate)});
  }
  return peer;
}

/// One exchange. All callbacks run on the loop, which run() drives.
class Probe {
 public:
  Probe(asio::io_context& loop, std::shared_ptr<const HttpsTarget> target)
      : loop_(loop),
        target_(std::move(target)),
        timer_(loop),
        connection_(std::make_shared<HttpsConnection>(
            loop.get_executor(), target_,
            HttpsConnection::Events{
                .on_end = [this](HttpsConnection::Failure failure) { end(std::move(failure)); },
                .on_lost = [] {},
                .on_large = [this](std::size_t bytes) { connection_->grant(bytes); }})) {}

  ProbeReport run(std::string_view request) {
    connection_->exchange(request);
    tick();
    loop_.run();
    connection_->close();
    return std::move(report_);
  }

 private:
  void tick() {
    timer_.expires_after(kTick);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      connection_->end_if_late(HttpsConnection::Instant::clock::now());
      if (!is_over_) tick();
    });
  }

  void end(HttpsConnection::Failure failure) {
    is_over_ = true;
    timer_.cancel();
    if (connection_->stream() != nullptr) report_.peer = peer_of(*connection_);
    const bool has_addresses =
        !failure || (failure->kind != Kind::resolve && failure->kind != Kind::shortage);
    report_.failure = std::move(failure);
    if (!report_.failure) {
      const auto response = connection_->response();
      report_.response = {response.status, std::string(response.date),
                          std::string(response.content_encoding), std::string(response.body)};
    }
    if (has_addresses) asio::co_spawn(loop_, list_addresses(), asio::detached);
    connection_->close();
  }

  /// Lists the addresses, which are known by now.
  asio::awaitable<void> list_addresses() {
    const auto now = HttpsAddresses::Instant::clock::now();
    const auto found = co_await target_->addresses->find(now);
    if (!found) co_return;
    for (const auto& each : *found) report_.addresses.push_back(each.address().to_string());
  }

  asio::io_context& loop_;
  std::shared_ptr<const HttpsTarget> target_;
  asio::steady_timer timer_;
  std::shared_ptr<HttpsConnection> connection_;
  bool is_over_ = false;
  ProbeReport report_;
};

}  // namespace

Result<ProbeReport> probe_https(HttpsSettings settings, std::string_view request) {
  asio::io_context loop(1);
  auto target = HttpsTarget::make(loop.get_executor(), std::move(settings));
  if (!target) return target.error();
  return Probe(loop, *std::move(target)).run(request);
}

}  // namespace attestrd
