#include "http/https_connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <exception>
#include <span>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/limits.h"
#include "http/https_addresses.h"
#include "http/https_opening.h"
#include "http/https_tls.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Kind = TransportFailure::Kind;
using Progress = HttpsResponseReader::Progress;

TransportFailure failure_of(Kind kind, std::string detail) { return {kind, std::move(detail), -1}; }

TransportFailure broken_off(const error_code& error) {
  return failure_of(Kind::reset, "the answer is incomplete: " + describe(error));
}

TransportFailure refused(Progress progress, std::string_view fault) {
  const auto kind = progress == Progress::too_large ? Kind::too_large : Kind::framing;
  return failure_of(kind, "the answer is refused: " + std::string(fault));
}

void rethrow(const std::exception_ptr& exception) {
  if (exception) std::rethrow_exception(exception);
}

}  // namespace

HttpsConnection::HttpsConnection(asio::any_io_executor executor,
                                 std::shared_ptr<const HttpsTarget> target, Events events)
    : executor_(std::move(executor)), target_(std::move(target)), events_(std::move(events)) {}

HttpsConnection::~HttpsConnection() { close(); }

void HttpsConnection::exchange(std::string_view request) {
  ATTESTRD_CHECK(state_ == State::fresh || state_ == State::idle);
  request_ = request;
  if (state_ == State::idle) return send();
  state_ = State::opening;
  asio::co_spawn(executor_, open(shared_from_this()),
                 [](const std::exception_ptr& e) { rethrow(e); });
}

asio::awaitable<void> HttpsConnection::open(std::shared_ptr<HttpsConnection> self) {
  co_await asio::post(executor_, asio::use_awaitable);  // Lets exchange() return first.
  if (self->state_ == State::closed) co_return;
  opening_ = std::make_unique<HttpsOpening>(executor_, target_);
  auto opened = co_await opening_->run();
  opening_.reset();
  if (state_ == State::closed) co_return;
  if (auto* const failure = std::get_if<TransportFailure>(&opened)) {
    end_with(std::move(*failure));
  } else {
    stream_ = std::get<std::unique_ptr<TlsStream>>(std::move(opened));
    error_code ignored;
    address_ = stream_->next_layer().remote_endpoint(ignored);
    const auto expiry = certificate_expiry(*stream_);
    if (expiry && events_.on_open) events_.on_open(*expiry);
    send();
  }
}

void HttpsConnection::send() {
  state_ = State::exchanging;
  reader_.begin(target_->settings.max_response_bytes);
  is_waiting_ = false;
  stream_->permit(limits::kTlsControlBytes);
  give_up_at_ = Instant::clock::now() + target_->settings.request_timeout;
  auto on_sent = [self = shared_from_this()](const error_code& error, std::size_t) {
    if (self->state_ != State::exchanging) return;
    if (error) return self->end_with(broken_off(error));
    self->receive();
  };
  asio::async_write(*stream_, asio::buffer(request_), std::move(on_sent));
}

void HttpsConnection::read_on() {
  stream_->permit(limits::kTlsControlBytes);
  const auto wanted = reader_.wanted_bytes();
  if (wanted == 0) return receive();
  is_waiting_ = true;
  events_.on_large(wanted);
}

void HttpsConnection::grant(std::size_t bytes) {
  is_waiting_ = false;
  reader_.grant(bytes);
  receive();
}

void HttpsConnection::receive() {
  const std::span<char> room = reader_.room();
  auto on_received = [self = shared_from_this()](const error_code& error, std::size_t count) {
    self->received(error, count);
  };
  stream_->async_read_some(asio::buffer(room.data(), room.size()), std::move(on_received));
}

void HttpsConnection::received(const error_code& error, std::size_t count) {
  if (state_ != State::exchanging) return;
  if (error) return end_with(ended_by(error));
  const auto progress = reader_.commit(count);
  if (progress == Progress::more) return read_on();
  if (progress == Progress::complete) return end_with(std::nullopt);
  end_with(refused(progress, reader_.fault()));
}

/// Returns the outcome of an exchange whose connection has ended.
HttpsConnection::Failure HttpsConnection::ended_by(const error_code& error) {
  // Asio reports eof only after close_notify, which nobody on the way can forge.
  if (error == asio::error::eof && reader_.end()) return std::nullopt;
  return broken_off(error);
}

std::optional<Duration> HttpsConnection::lasted(Instant now) const {
  if (!stream_) return std::nullopt;
  const auto began = give_up_at_ - target_->settings.request_timeout;
  return std::chrono::duration_cast<Duration>(now - began);
}

void HttpsConnection::end_if_late(Instant now) {
  if (!is_late(now)) return;
  if (is_waiting_) return end_with(failure_of(Kind::shortage, "the answer got no memory in time"));
  end_with(failure_of(Kind::timeout, "no complete answer in time"));
}

void HttpsConnection::end_with(Failure failure) {
  const auto self = shared_from_this();
  if (state_ == State::exchanging) judge_address(failure);
  if (!failure && reader_.keeps_alive() && stream_->is_drained()) {
    state_ = State::idle;
  } else {
    close();
  }
  events_.on_end(std::move(failure));
}

/// Reports whether the server behind the address answers. A kept connection that ends before the
/// first byte of an answer says nothing: the server may close it at any time.
void HttpsConnection::judge_address(const Failure& failure) {
  if (failure && failure->kind == Kind::shortage) return;
  auto& addresses = *target_->addresses;
  const bool may_be_closed = has_served_ && is_unanswered();
  if (failure && (failure->kind == Kind::timeout || !may_be_closed))
    return addresses.failed(address_);
  if (failure) return;
  constexpr unsigned kServerError = 500;
  if (reader_.response().status >= kServerError) return addresses.failed(address_);
  if (!std::exchange(has_served_, true)) addresses.worked(address_);
}

void HttpsConnection::watch() {
  if (std::exchange(is_watched_, true)) return;
  // The response to the next request makes the socket readable, too. This wait then ends before the
  // response is received, since operations on a socket end in the order in which they began.
  auto on_readable = [self = shared_from_this()](const error_code&) {
    self->is_watched_ = false;
    if (self->state_ != State::idle) return;
    if (self->is_silent()) return self->watch();
    self->close();
    self->events_.on_lost();
  };
  stream_->next_layer().async_wait(TcpSocket::wait_read, std::move(on_readable));
}

bool HttpsConnection::is_silent() {
  if (stream_->is_silent()) return true;
  // The bytes may be consumed now. The shutdown makes the socket readable for watch() and here.
  error_code ignored;
  stream_->next_layer().shutdown(TcpSocket::shutdown_both, ignored);
  return false;
}

void HttpsConnection::close() {
  state_ = State::closed;
  if (opening_) opening_->abandon();
  error_code ignored;
  if (stream_) stream_->next_layer().close(ignored);
}

}  // namespace attestrd
