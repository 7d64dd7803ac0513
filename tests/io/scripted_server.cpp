#include "io/scripted_server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>

namespace attestrd {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Then = ScriptedServer::Step::Then;

ScriptedServer::ScriptedServer(asio::io_context& events, const Identity& identity,
                               Settings settings)
    : events_(events),
      tls_(asio::ssl::context::tls_server),
      acceptor_(events, tcp::endpoint(asio::ip::make_address(settings.address), 0)),
      greets_(settings.greets) {
  tls_.use_certificate_chain(asio::buffer(identity.certificate));
  tls_.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
  SSL_CTX_set_max_proto_version(tls_.native_handle(), settings.max_tls_version);
  if (settings.max_tls_version == TLS1_1_VERSION) {
    // OpenSSL permits this version at this security level only.
    SSL_CTX_set_min_proto_version(tls_.native_handle(), TLS1_VERSION);
    SSL_CTX_set_cipher_list(tls_.native_handle(), "DEFAULT:@SECLEVEL=0");
  }
  asio::co_spawn(events_, accept(), asio::detached);
}

std::size_t ScriptedServer::open() const {
  return static_cast<std::size_t>(
      std::count_if(streams_.begin(), streams_.end(),
                    [](const auto& stream) { return stream->next_layer().is_open(); }));
}

void ScriptedServer::hang_up() {
  error_code ignored;
  for (const auto& stream : streams_) {
    stream->next_layer().shutdown(tcp::socket::shutdown_both, ignored);
  }
}

void ScriptedServer::blurt(const std::string& bytes) {
  error_code ignored;
  for (const auto& stream : streams_) asio::write(*stream, asio::buffer(bytes), ignored);
}

void ScriptedServer::send_control(int key_updates) {
  error_code ignored;
  for (const auto& stream : streams_) {
    if (!stream->next_layer().is_open()) continue;
    SSL_new_session_ticket(stream->native_handle());
    stream->handshake(Stream::server, ignored);
    for (int i = 0; i < key_updates; ++i) {
      SSL_key_update(stream->native_handle(), SSL_KEY_UPDATE_NOT_REQUESTED);
      stream->handshake(Stream::server, ignored);
    }
  }
}

asio::awaitable<void> ScriptedServer::accept() {
  for (;;) {
    error_code error;
    tcp::socket socket =
        co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    ++accepted_;
    socket.set_option(tcp::no_delay(true));
    auto stream = std::make_shared<Stream>(std::move(socket), tls_);
    streams_.push_back(stream);
    if (greets_) asio::co_spawn(events_, converse(std::move(stream)), asio::detached);
  }
}

asio::awaitable<void> ScriptedServer::converse(std::shared_ptr<Stream> stream) {
  error_code error;
  co_await stream->async_handshake(asio::ssl::stream_base::server,
                                   asio::redirect_error(asio::use_awaitable, error));
  std::string input;
  while (!error) {
    auto buffer = asio::dynamic_buffer(input);
    const auto length = co_await asio::async_read_until(
        *stream, buffer, "\r\n\r\n", asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    requests_.push_back(input.substr(0, length));
    input.erase(0, length);
    co_await perform(*stream, next_step(requests_.back()));
    if (!stream->next_layer().is_open()) break;
  }
  stream->next_layer().close(error);
}

asio::awaitable<void> ScriptedServer::perform(Stream& stream, Step step) {
  if (step.before.count() > 0) co_await pause(step.before);
  const auto piece_bytes = step.between.count() > 0 ? std::size_t{1} : step.bytes.size();
  error_code error;
  for (std::size_t at = 0; at < step.bytes.size() && !error; at += piece_bytes) {
    if (at > 0) co_await pause(step.between);
    const auto piece = asio::buffer(step.bytes.data() + at, piece_bytes);
    co_await asio::async_write(stream, piece, asio::redirect_error(asio::use_awaitable, error));
  }
  while (!step.endless.empty() && !error) {
    const auto again = asio::buffer(step.endless);
    co_await asio::async_write(stream, again, asio::redirect_error(asio::use_awaitable, error));
  }
  if (step.then == Then::keep && !error) co_return;
  // A hanging server waits for the client to close, as if the rest of the answer were still to
  // come.
  char byte = 0;
  if (step.then == Then::hang) {
    co_await stream.async_read_some(asio::buffer(&byte, 1),
                                    asio::redirect_error(asio::use_awaitable, error));
  }
  if (step.then == Then::end) {
    SSL_shutdown(stream.native_handle());
    co_await asio::async_write(stream, asio::buffer("", 0),
                               asio::redirect_error(asio::use_awaitable, error));
  }
  if (step.then == Then::reset) {
    stream.next_layer().set_option(asio::socket_base::linger(true, 0), error);
  }
  stream.next_layer().close(error);
}

asio::awaitable<void> ScriptedServer::pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(events_, time);
  error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

ScriptedServer::Step ScriptedServer::next_step(const std::string& request) {
  Step step = otherwise;
  if (!script.empty()) {
    step = std::move(script.front());
    script.pop_front();
  } else if (answers) {
    step.bytes = answers(request);
  }
  return step;
}

}  // namespace attestrd
