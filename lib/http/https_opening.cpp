#include "http/https_opening.h"

#include <openssl/x509_vfy.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>
#include <utility>

namespace attestrd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Kind = TransportFailure::Kind;

TransportFailure failure_of(Kind kind, std::string detail) { return {kind, std::move(detail), -1}; }

std::string text_of(const tcp::endpoint& address) {
  const bool is_v6 = address.address().is_v6();
  const std::string host = address.address().to_string();
  return (is_v6 ? '[' + host + ']' : host) + ':' + std::to_string(address.port());
}

/// A deadline that closes a socket, unless the deadline is destroyed before. The state is shared
/// with the handler of the timer, which may be queued already at that time.
class Deadline {
 public:
  Deadline(TcpSocket& socket, Clock::time_point when)
      : state_(std::make_shared<State>(&socket)), timer_(socket.get_executor(), when) {
    timer_.async_wait([state = state_](const error_code& cancelled) {
      if (cancelled || state->socket == nullptr) return;
      state->is_over = true;
      error_code ignored;
      state->socket->close(ignored);
    });
  }
  ~Deadline() { state_->socket = nullptr; }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  bool is_over() const { return state_->is_over; }

 private:
  struct State {
    TcpSocket* socket;
    bool is_over = false;
  };
  std::shared_ptr<State> state_;
  asio::steady_timer timer_;
};

}  // namespace

HttpsOpening::HttpsOpening(asio::any_io_executor executor,
                           std::shared_ptr<const HttpsTarget> target)
    : executor_(std::move(executor)), target_(std::move(target)) {}

asio::awaitable<HttpsOpening::Opened> HttpsOpening::run() {
  const Instant until = Clock::now() + target_->settings.connect_timeout;
  const auto addresses = co_await target_->addresses->find(until);
  if (!addresses) {
    const bool is_late = addresses.error() == asio::error::timed_out;
    const auto why = is_late ? "no answer from DNS in time" : addresses.error().message();
    co_return failure_of(Kind::resolve, "host " + target_->settings.endpoint.host + ": " + why);
  }
  co_return co_await connect(*addresses, until);
}

/// Tries one address after another. Each one gets an equal share of the remaining time.
asio::awaitable<HttpsOpening::Opened> HttpsOpening::connect(const HttpsAddresses::List& addresses,
                                                            Instant until) {
  std::string trouble;
  auto left = static_cast<int>(addresses.size());
  for (const auto& address : addresses) {
    if (is_abandoned_) break;
    TcpSocket socket(executor_);
    socket_ = &socket;
    const auto now = Clock::now();
    std::optional<Deadline> deadline(std::in_place, socket, now + (until - now) / left--);
    error_code error;
    co_await socket.async_connect(address, asio::redirect_error(asio::use_awaitable, error));
    socket_ = nullptr;
    const bool is_late = deadline->is_over();
    deadline.reset();
    if (!error && !is_late && !is_abandoned_) {
      socket.set_option(tcp::no_delay(true), error);
      co_return co_await secure(std::move(socket), until);
    }
    trouble = text_of(address) + ": " + (is_late ? "no connection in time" : error.message());
  }
  co_return failure_of(Kind::connect, std::move(trouble));
}

asio::awaitable<HttpsOpening::Opened> HttpsOpening::secure(TcpSocket socket, Instant until) {
  const auto& endpoint = target_->settings.endpoint;
  const std::string host = "host " + endpoint.host + ": ";
  CertificateFault fault;
  auto stream = make_tls_stream(std::move(socket), *target_->tls, endpoint, fault);
  if (!stream) co_return failure_of(Kind::tls, host + "OpenSSL does not accept the name");
  socket_ = &stream->next_layer();
  const Deadline deadline(*socket_, until);
  error_code error;
  co_await stream->async_handshake(asio::ssl::stream_base::client,
                                   asio::redirect_error(asio::use_awaitable, error));
  socket_ = nullptr;
  if (fault.reason != X509_V_OK) {
    auto failure = failure_of(Kind::certificate, host + describe(fault));
    failure.certificate_depth = fault.depth;
    co_return failure;
  }
  if (deadline.is_over()) co_return failure_of(Kind::connect, host + "no TLS handshake in time");
  if (error) co_return failure_of(Kind::tls, host + describe(error));
  co_return stream;
}

void HttpsOpening::abandon() {
  is_abandoned_ = true;
  error_code ignored;
  if (socket_ != nullptr) socket_->close(ignored);
}

}  // namespace attestrd
