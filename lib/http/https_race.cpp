#include "http/https_race.h"

#include <netinet/in.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "base/limits.h"
#include "http/proxy/https_tunnel.h"

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

/// Returns how far an attempt came that failed so.
int progress_of(const TransportFailure& failure) {
  if (failure.kind == Kind::certificate) return 2;
  return failure.kind == Kind::tls || failure.kind == Kind::proxy ? 1 : 0;
}

}  // namespace

/// The attempt at one address.
struct HttpsRace::Lane {
  tcp::endpoint address;
  TcpSocket socket;
  std::unique_ptr<TlsStream> stream{};  ///< Holds the socket once it is connected.
  CertificateFault fault{};
  bool is_connected = false;
  bool has_ended = false;

  void close() {
    error_code ignored;
    socket.close(ignored);
    if (stream) stream->next_layer().close(ignored);
  }
};

HttpsRace::HttpsRace(const asio::any_io_executor& executor,
                     std::shared_ptr<const HttpsTarget> target, HttpsAddresses::List addresses,
                     Instant until)
    : executor_(executor),
      target_(std::move(target)),
      addresses_(std::move(addresses)),
      until_(until),
      changed_(executor) {}

HttpsRace::~HttpsRace() = default;

asio::awaitable<HttpsRace::Opened> HttpsRace::run() {
  error_code ignored;
  while (advance()) {
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!winner_) note_late_ones();
  end();
  if (winner_) co_return std::move(winner_);
  co_return *std::move(failure_);
}

void HttpsRace::end() {
  is_over_ = true;
  for (const auto& lane : lanes_) lane->close();
  changed_.cancel();
}

/// Starts the attempts that are due. Returns false at the end of the race; else sets the timer to
/// the time of the next call.
bool HttpsRace::advance() {
  for (;;) {
    const auto now = Clock::now();
    const bool has_more = lanes_.size() < addresses_.size();
    if (winner_ || is_over_ || now >= until_ || (running_ == 0 && !has_more)) return false;
    if (!has_more || (running_ > 0 && now < next_at_)) {
      changed_.expires_at(has_more ? std::min(until_, next_at_) : until_);
      return true;
    }
    next_at_ = now + limits::kConnectionAttemptDelay;
    start_next();
  }
}

void HttpsRace::start_next() {
  const auto& address = addresses_[lanes_.size()];
  Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>(address, TcpSocket(executor_)));
  ++running_;
  asio::co_spawn(executor_, attempt(shared_from_this(), lane), [](const std::exception_ptr& e) {
    if (e) std::rethrow_exception(e);
  });
}

asio::awaitable<void> HttpsRace::attempt(std::shared_ptr<HttpsRace> self, Lane& lane) {
  const bool has_reached = co_await reach_server(lane);
  if (self->is_over_) co_return;
  if (has_reached) co_await secure(lane);
  if (self->is_over_) co_return;
  lane.has_ended = true;
  if (!winner_) lane.close();
  --running_;
  changed_.cancel();
}

/// Binds the socket to the source address, if one is set.
error_code HttpsRace::bind(Lane& lane) {
  error_code error;
  const auto& source = target_->settings.source_address;
  if (source.empty()) return error;
  lane.socket.open(lane.address.protocol(), error);
  if (error) return error;
  // The port is chosen by connect(), which may share one among connections to different servers.
  using ChooseNoPort = asio::detail::socket_option::boolean<IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT>;
  error_code ignored;
  lane.socket.set_option(ChooseNoPort(true), ignored);
  lane.socket.bind({asio::ip::make_address(source), 0}, error);
  return error;
}

/// Connects to the server, through a tunnel if there is a proxy. Returns whether it is reached;
/// else the failure is noted.
asio::awaitable<bool> HttpsRace::reach_server(Lane& lane) {
  error_code error = bind(lane);
  std::string what =
      error ? "api.source_address " + target_->settings.source_address : name_of(lane);
  if (!error) {
    co_await lane.socket.async_connect(lane.address,
                                       asio::redirect_error(asio::use_awaitable, error));
  }
  if (is_over_) co_return false;
  if (error) {
    const auto kind = is_shortage(error) ? Kind::shortage : Kind::connect;
    note(lane, failure_of(kind, std::move(what) + ": " + error.message()));
    co_return false;
  }
  lane.is_connected = true;
  prolong();
  if (!target_->settings.proxy) co_return true;
  auto failure = co_await open_tunnel(lane.socket, *target_, std::move(what));
  if (is_over_ || !failure) co_return !failure;
  note(lane, *std::move(failure));
  co_return false;
}

/// Gives an attempt whose TCP connection is open its share of the time.
void HttpsRace::prolong() {
  const auto now = Clock::now();
  const auto left = static_cast<int>(addresses_.size() - lanes_.size()) + 1;
  next_at_ = std::max<Instant>(next_at_, now + (until_ - now) / left);
  changed_.cancel();
}

asio::awaitable<void> HttpsRace::secure(Lane& lane) {
  const auto& endpoint = target_->settings.endpoint;
  const std::string host = "host " + endpoint.host + ": ";
  error_code error;
  lane.socket.set_option(tcp::no_delay(true), error);
  lane.socket.non_blocking(true, error);
  lane.stream = make_tls_stream(std::move(lane.socket), *target_->tls, endpoint, lane.fault);
  if (!lane.stream)
    co_return note(lane, failure_of(Kind::tls, host + "OpenSSL does not accept the name"));
  co_await lane.stream->async_handshake(asio::ssl::stream_base::client,
                                        asio::redirect_error(asio::use_awaitable, error));
  if (is_over_) co_return;
  if (lane.fault.reason != X509_V_OK) {
    auto failure = failure_of(Kind::certificate, host + describe(lane.fault));
    failure.certificate_depth = lane.fault.depth;
    co_return note(lane, std::move(failure));
  }
  if (error) co_return note(lane, failure_of(Kind::tls, host + describe(error)));
  winner_ = std::move(lane.stream);
}

/// Keeps the failure that got furthest; of several the last.
void HttpsRace::note(const Lane& lane, TransportFailure failure) {
  if (failure.kind != Kind::shortage) target_->addresses->failed(lane.address);
  if (!failure_ || progress_of(failure) >= progress_of(*failure_)) failure_ = std::move(failure);
}

void HttpsRace::note_late_ones() {
  for (const auto& lane : lanes_) {
    if (lane->has_ended) continue;
    note(*lane, failure_of(Kind::connect, late_words(*lane)));
  }
  if (!failure_) failure_ = failure_of(Kind::connect, "no time is left to connect");
}

std::string HttpsRace::late_words(const Lane& lane) const {
  if (!lane.is_connected) return name_of(lane) + ": no connection in time";
  if (!lane.stream) return name_of(lane) + ": no tunnel in time";
  return "host " + target_->settings.endpoint.host + ": no TLS handshake in time";
}

/// Returns the name of the host at an address for messages.
std::string HttpsRace::name_of(const Lane& lane) const {
  return (target_->settings.proxy ? "proxy " : "") + text_of(lane.address);
}

}  // namespace attestrd
