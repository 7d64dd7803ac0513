#include "poll/https_connection.h"

#include <openssl/x509_vfy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <utility>

#include "base/check.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Kind = TransportFailure::Kind;
using Progress = HttpsResponseReader::Progress;
using Step = TlsSession::Step;

// What a connection reads before others on the event loop have their turn: a mebibyte or so.
constexpr int kReadsInARow = 64;

TransportFailure failure_of(Kind kind, std::string detail) { return {kind, std::move(detail), -1}; }

std::string text_of(const tcp::endpoint& address) {
  const bool is_v6 = address.address().is_v6();
  const std::string host = address.address().to_string();
  return (is_v6 ? '[' + host + ']' : host) + ':' + std::to_string(address.port());
}

}  // namespace

HttpsConnection::HttpsConnection(const asio::any_io_executor& executor,
                                 std::shared_ptr<HttpsReadiness> readiness, Events events)
    : executor_(executor),
      readiness_(std::move(readiness)),
      events_(std::move(events)),
      alarm_(executor) {}

HttpsConnection::~HttpsConnection() { close(); }

// ---- Opening.

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
  if (failure) {
    close();
  } else if (!is_abandoned_) {
    state_ = State::idle;
  }
  co_return failure;
}

/// Tries one address after another; each gets an even share of the time that is left.
asio::awaitable<HttpsConnection::Failure> HttpsConnection::connect(
    const HttpsAddresses::List& addresses, Instant until) {
  std::string trouble;
  auto left = static_cast<int>(addresses.size());
  for (const auto& address : addresses) {
    if (is_abandoned_) break;
    connecting_.emplace(executor_);
    const auto now = Clock::now();
    bool is_late = false;
    alarm_.expires_at(now + (until - now) / left--);
    alarm_.async_wait([this, self = shared_from_this(), &is_late](const error_code& cancelled) {
      if (cancelled) return;
      is_late = true;
      connecting_->close();
    });
    error_code error;
    co_await connecting_->async_connect(address, asio::redirect_error(asio::use_awaitable, error));
    // The alarm's handler may be queued already, and speaks of this attempt alone.
    if (alarm_.cancel() == 0) co_await asio::post(executor_, asio::use_awaitable);
    if (!error && !is_late && !is_abandoned_) {
      connecting_->set_option(tcp::no_delay(true), error);
      connecting_->native_non_blocking(true, error);
      socket_ = connecting_->release();
      readiness_->add(socket_, *this);
      state_ = State::opening;
      co_return std::nullopt;
    }
    trouble = text_of(address) + ": " + (is_late ? "no connection in time" : error.message());
  }
  co_return failure_of(Kind::connect, std::move(trouble));
}

asio::awaitable<HttpsConnection::Failure> HttpsConnection::secure(Instant until) {
  const std::string host = "host " + setup_->settings.endpoint.host + ": ";
  tls_ = TlsSession::make(setup_->tls, setup_->settings.endpoint, socket_);
  if (!tls_) co_return failure_of(Kind::tls, host + "OpenSSL does not take the name");
  for (;;) {
    const Step step = tls_->handshake();
    if (step == Step::done) break;
    if (const auto& fault = tls_->certificate_fault(); fault.reason != X509_V_OK) {
      auto failure = failure_of(Kind::certificate, host + describe(fault));
      failure.certificate_depth = fault.depth;
      co_return failure;
    }
    if (step != Step::wants_read && step != Step::wants_write) {
      co_return failure_of(Kind::tls, host + tls_->trouble());
    }
    want_write(step == Step::wants_write);
    const bool is_ready = co_await ready_until(until);
    if (is_abandoned_) co_return failure_of(Kind::connect, host + "given up");
    if (!is_ready) co_return failure_of(Kind::connect, host + "no TLS handshake in time");
  }
  want_write(false);
  co_return std::nullopt;
}

/// False: `until` came first.
asio::awaitable<bool> HttpsConnection::ready_until(Instant until) {
  error_code cancelled;
  alarm_.expires_at(until);
  co_await alarm_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  co_return bool(cancelled);
}

// ---- An exchange.

void HttpsConnection::exchange(const HandshakeId& id) {
  ATTESTRD_CHECK(state_ == State::idle);
  state_ = State::exchanging;
  reader_.begin(setup_->settings.max_response_bytes);
  unsent_ = request_->text_for(id);
  give_up_at_ = Clock::now() + setup_->settings.request_timeout;
  // The answer can't be here yet: it is read once the socket says so.
  if (is_written() || wants_write_) return;
  asio::post(executor_, [self = shared_from_this(), failure = broken_off()]() mutable {
    self->end_with(std::move(failure));
  });
}

/// Whether all of the request is sent. Else wants_write_ tells whether it will go on.
bool HttpsConnection::is_written() {
  const Step step = tls_->write(unsent_);
  want_write(step == Step::wants_write);
  return step == Step::done || step == Step::wants_read;
}

void HttpsConnection::want_write(bool wanted) {
  if (std::exchange(wants_write_, wanted) == wanted) return;
  readiness_->want_write(socket_, *this, wanted);
}

bool HttpsConnection::on_ready() {
  switch (state_) {
    case State::opening: alarm_.cancel(); return false;  // It goes on behind all that waits.
    case State::exchanging:
      if (has_a_turn_) return false;
      advance();
      return true;
    case State::idle: {
      // What may come now is an end, or nothing that we asked for. A TLS session ticket would do no
      // harm, but it can't be told from these without reading it, and it is rare this late.
      const auto self = shared_from_this();
      close();
      events_.on_lost();
      return true;
    }
    case State::closed: break;
  }
  check_failed("a closed socket is never ready", __FILE__, __LINE__);
}

void HttpsConnection::advance() {
  const auto self = shared_from_this();
  if (!unsent_.empty() && !is_written()) {
    if (wants_write_) return;
    return end_with(broken_off());
  }
  for (int reads = 0; reads < kReadsInARow; ++reads) {
    std::size_t count = 0;
    const Step step = tls_->read(reader_.room(), count);
    if (step == Step::wants_read) return;
    if (step != Step::done) return end_with(broken_off());
    const auto progress = reader_.commit(count);
    if (progress == Progress::complete) return end_with(std::nullopt);
    if (progress != Progress::more) return end_with(refused(progress));
  }
  take_a_turn();
}

/// Goes on behind all that waits. The socket alone would not say so: OpenSSL may have read on.
void HttpsConnection::take_a_turn() {
  has_a_turn_ = true;
  asio::post(executor_, [self = shared_from_this()] {
    self->has_a_turn_ = false;
    if (self->state_ == State::exchanging) self->advance();
  });
}

TransportFailure HttpsConnection::broken_off() const {
  return failure_of(Kind::reset, "the answer is incomplete: " + tls_->trouble());
}

TransportFailure HttpsConnection::refused(Progress progress) const {
  const auto kind = progress == Progress::too_large ? Kind::too_large : Kind::framing;
  return failure_of(kind, "the answer is refused: " + std::string(reader_.fault()));
}

void HttpsConnection::end_if_late(Instant now) {
  if (!is_late(now)) return;
  const auto self = shared_from_this();
  end_with(failure_of(Kind::timeout, "no complete answer in time"));
}

void HttpsConnection::end_with(Failure failure) {
  if (state_ != State::exchanging) return;  // It ended otherwise before a posted failure came.
  const bool is_kept = !failure && reader_.keeps_alive() && unsent_.empty() && tls_->is_quiet();
  if (is_kept) {
    state_ = State::idle;
  } else {
    close();
  }
  events_.on_end(std::move(failure));
}

bool HttpsConnection::is_reusable(const std::shared_ptr<HttpsSetup>& setup) const {
  return state_ == State::idle && setup_ == setup;
}

bool HttpsConnection::is_silent() const {
  char byte = 0;
  const auto got = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == -1 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void HttpsConnection::close() {
  state_ = State::closed;
  wants_write_ = false;
  tls_.reset();
  if (connecting_) {
    error_code ignored;
    connecting_->close(ignored);
  }
  if (socket_ < 0) return;
  readiness_->remove(socket_, *this);
  ::close(std::exchange(socket_, -1));
}

void HttpsConnection::abandon() {
  is_abandoned_ = true;
  if (setup_) setup_->addresses->stop();
  alarm_.cancel();
  close();
}

}  // namespace attestrd
