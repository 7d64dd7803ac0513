#include "poll/https_connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace attestrd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Kind = TransportFailure::Kind;
using Progress = HttpsResponseReader::Progress;

TransportFailure failure_of(Kind kind, std::string detail) {
  return {kind, std::move(detail), -1};
}

std::string text_of(const tcp::endpoint& address) {
  const bool is_v6 = address.address().is_v6();
  const std::string host = address.address().to_string();
  return (is_v6 ? '[' + host + ']' : host) + ':' + std::to_string(address.port());
}

/// Whether nothing can be read, neither what OpenSSL holds nor what the system holds.
bool is_quiet(TlsStream& stream) {
  SSL* native = stream.native_handle();
  if (SSL_has_pending(native) != 0 || BIO_pending(SSL_get_rbio(native)) != 0) return false;
  char byte = 0;
  const auto got = recv(stream.next_layer().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == -1 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

HttpsConnection::HttpsConnection(const asio::any_io_executor& executor) : deadline_(executor) {}

asio::awaitable<HttpsConnection::Failure> HttpsConnection::open(std::shared_ptr<HttpsSetup> setup) {
  close();
  setup_ = std::move(setup);
  request_.emplace(setup_->request);
  const auto& endpoint = setup_->settings.endpoint;
  const Instant until = Clock::now() + setup_->settings.connect_timeout;
  const auto addresses = co_await setup_->addresses->find(until);
  if (!addresses) {
    const bool late = addresses.error() == asio::error::timed_out;
    const auto why = late ? "no answer from DNS in time" : addresses.error().message();
    co_return failure_of(Kind::resolve, "host " + endpoint.host + ": " + why);
  }
  Failure failure = co_await connect(*addresses, until);
  if (!failure) failure = co_await secure(until);
  keep_open();
  if (failure) close();
  co_return failure;
}

/// Tries one address after another; each gets an even share of the time that is left.
asio::awaitable<HttpsConnection::Failure> HttpsConnection::connect(
    const HttpsAddresses::List& addresses, Instant until) {
  std::string trouble;
  auto left = static_cast<int>(addresses.size());
  for (const auto& address : addresses) {
    if (is_abandoned_) break;
    stream_.emplace(deadline_.get_executor(), setup_->tls);
    const auto now = Clock::now();
    close_at(now + (until - now) / left--);
    error_code error;
    auto& socket = stream_->next_layer();
    co_await socket.async_connect(address, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      socket.set_option(tcp::no_delay(true), error);
      co_return std::nullopt;
    }
    trouble = text_of(address) + ": " + (is_timed_out_ ? "no connection in time" : error.message());
  }
  co_return failure_of(Kind::connect, std::move(trouble));
}

asio::awaitable<HttpsConnection::Failure> HttpsConnection::secure(Instant until) {
  const std::string host = "host " + setup_->settings.endpoint.host + ": ";
  certificate_fault_ = {};
  if (!expect_host(*stream_, setup_->settings.endpoint, certificate_fault_)) {
    co_return failure_of(Kind::tls, host + "OpenSSL does not take the name");
  }
  close_at(until);
  error_code error;
  co_await stream_->async_handshake(asio::ssl::stream_base::client,
                                    asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return std::nullopt;
  if (certificate_fault_.reason != X509_V_OK) {
    auto failure = failure_of(Kind::certificate, host + describe(certificate_fault_));
    failure.certificate_depth = certificate_fault_.depth;
    co_return failure;
  }
  if (is_timed_out_) co_return failure_of(Kind::connect, host + "no TLS handshake in time");
  co_return failure_of(Kind::tls, host + error.message());
}

asio::awaitable<HttpsConnection::Failure> HttpsConnection::exchange(HandshakeId id) {
  reader_.begin(setup_->settings.max_response_bytes);
  const auto request = asio::buffer(request_->text_for(id));
  close_at(Clock::now() + setup_->settings.request_timeout);
  error_code error;
  co_await asio::async_write(*stream_, request, asio::redirect_error(asio::use_awaitable, error));
  auto progress = Progress::more;
  while (!error && progress == Progress::more) {
    const auto room = asio::buffer(reader_.room().data(), reader_.room().size());
    const auto count = co_await stream_->async_read_some(
        room, asio::redirect_error(asio::use_awaitable, error));
    if (!error) progress = reader_.commit(count);
  }
  keep_open();
  if (progress == Progress::complete) {
    keeps_alive_ = reader_.keeps_alive();
    co_return std::nullopt;
  }
  close();
  co_return exchange_failure(progress, error);
}

TransportFailure HttpsConnection::exchange_failure(Progress progress,
                                                   const error_code& error) const {
  if (progress != Progress::more) {
    const auto kind = progress == Progress::too_large ? Kind::too_large : Kind::framing;
    return failure_of(kind, "the answer is refused: " + std::string(reader_.fault()));
  }
  if (is_timed_out_) return failure_of(Kind::timeout, "no complete answer in time");
  return failure_of(Kind::reset, "the answer is incomplete: " + error.message());
}

bool HttpsConnection::is_reusable(const std::shared_ptr<HttpsSetup>& setup) {
  return keeps_alive_ && setup_ == setup && is_quiet(*stream_);
}

void HttpsConnection::close() {
  keeps_alive_ = false;
  error_code ignored;
  if (stream_) stream_->next_layer().close(ignored);
}

void HttpsConnection::abandon() {
  is_abandoned_ = true;
  if (setup_) setup_->addresses->stop();
  keep_open();
  close();
}

void HttpsConnection::close_at(Instant instant) {
  is_timed_out_ = false;
  deadline_.expires_at(instant);
  deadline_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    // It may have been set anew after this call was queued.
    if (cancelled || Clock::now() < self->deadline_.expiry()) return;
    self->is_timed_out_ = true;
    self->close();
  });
}

void HttpsConnection::keep_open() {
  deadline_.expires_at(Instant::max());
}

}  // namespace attestrd
