#include "server.h"

#include "ledger.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <utility>

namespace attestrd::simulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Request = http::request<http::string_body>;
using Seconds = std::chrono::duration<double>;

constexpr std::chrono::seconds kIdleTimeout{120};  ///< Timeout of an idle client.

std::chrono::nanoseconds nanoseconds(Seconds time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time);
}

Moment read_clocks() {
  return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
}

std::int64_t unix_us(WallTime time) {
  return std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count();
}

std::string_view header(const Request& request, http::field name) {
  const auto found = request.find(name);
  if (found == request.end()) return {};
  return {found->value().data(), found->value().size()};
}

Query query_of(const Request& request) {
  return {{request.method_string().data(), request.method_string().size()},
          {request.target().data(), request.target().size()},
          header(request, http::field::authorization),
          header(request, http::field::content_type)};
}

asio::ssl::context make_tls(const ServerSettings& settings) {
  asio::ssl::context tls(asio::ssl::context::tls_server);
  tls.set_options(asio::ssl::context::default_workarounds);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  if (settings.tls_1_2_only) SSL_CTX_set_max_proto_version(tls.native_handle(), TLS1_2_VERSION);
  error_code error;
  tls.use_certificate_chain_file(settings.cert_file, error);
  if (error)
    throw std::runtime_error(fmt::format("--cert {}: {}", settings.cert_file, error.message()));
  tls.use_private_key_file(settings.key_file, asio::ssl::context::pem, error);
  if (error)
    throw std::runtime_error(fmt::format("--key {}: {}", settings.key_file, error.message()));
  return tls;
}

/// Rethrows an exception in `run()`, so that no failure is silent.
void stop_on_exception(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

/// The way in which the bytes of an answer are sent.
struct Delivery {
  enum class Ending { keep, close, reset };

  std::size_t pieces = 1;
  bool cut = false;  ///< Sends only the first half.
  Ending ending = Ending::keep;
};

Delivery delivery_of(Fault fault) {
  using Ending = Delivery::Ending;
  switch (fault) {
    case Fault::slow: return {8, false, Ending::keep};
    case Fault::close: return {1, false, Ending::close};
    case Fault::truncate: return {1, true, Ending::close};
    case Fault::reset: return {1, true, Ending::reset};
    default: return {};
  }
}

class Server {
 public:
  Server(const ServerSettings& settings, Attestr& attestr, Ledger& ledger,
         const std::function<void(const Entry&)>& log)
      : settings_(settings),
        attestr_(attestr),
        ledger_(ledger),
        log_(log),
        latency_luck_(Dice(settings.seed, "").stream(Purpose::latency)),
        tls_(make_tls(settings)) {}

  void run(const std::function<void(std::uint16_t)>& ready) {
    tcp::acceptor acceptor = listen();
    asio::signal_set signals(context_, SIGINT, SIGTERM);
    signals.async_wait([this](const error_code&, int) { context_.stop(); });
    asio::co_spawn(context_, accept(acceptor), stop_on_exception);
    ready(acceptor.local_endpoint().port());
    context_.run();
  }

 private:
  tcp::acceptor listen() {
    try {
      const tcp::endpoint wanted(asio::ip::make_address(settings_.host), settings_.port);
      return tcp::acceptor(context_, wanted);
    } catch (const boost::system::system_error& error) {
      throw std::runtime_error(fmt::format("can't listen on {} port {}: {}", settings_.host,
                                           settings_.port, error.code().message()));
    }
  }

  asio::awaitable<void> accept(tcp::acceptor& acceptor) {
    for (std::uint64_t connection = 1;; ++connection) {
      error_code error;
      tcp::socket socket =
          co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error) {  // No free descriptor, or the client has closed.
        co_await pause(std::chrono::milliseconds(10));
        continue;
      }
      ledger_.count_connection();
      asio::co_spawn(context_, converse(std::move(socket), connection), stop_on_exception);
    }
  }

  asio::awaitable<void> converse(tcp::socket socket, std::uint64_t connection) {
    error_code error;
    socket.set_option(tcp::no_delay(true), error);
    TlsStream stream(std::move(socket), tls_);
    beast::get_lowest_layer(stream).expires_after(kIdleTimeout);
    co_await stream.async_handshake(asio::ssl::stream_base::server,
                                    asio::redirect_error(asio::use_awaitable, error));
    beast::flat_buffer buffer;
    while (!error) {
      beast::get_lowest_layer(stream).expires_after(kIdleTimeout);
      Request request;
      co_await http::async_read(stream, buffer, request,
                                asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      const bool goes_on = co_await answer(stream, request, connection);
      if (!goes_on) break;
    }
    beast::get_lowest_layer(stream).socket().close(error);
  }

  /// Returns whether another request may follow on the connection.
  asio::awaitable<bool> answer(TlsStream& stream, const Request& request,
                               std::uint64_t connection) {
    const Moment now = read_clocks();
    ledger_.count_arrival(now.steady);
    const Reply reply = attestr_.reply(query_of(request), now);
    Entry entry{unix_us(now.wall),    reply.id,   reply.http.status, reply.answer,
                name_of(reply.fault), connection, reply.limited};
    if (reply.fault == Fault::hang) {
      entry.status = 0;
      record(entry);
      co_await hold(stream);
      co_return false;
    }
    co_await pause(latency());
    Framing framing;
    framing.chunked = reply.fault == Fault::chunked;
    framing.last = !request.keep_alive();
    const std::string text = wire_text(reply.http, framing, read_clocks().wall);
    const Delivery delivery = delivery_of(reply.fault);
    const bool sent = co_await send(stream, text, text.size() - reply.http.body.size(), delivery);
    if (!sent) entry.answer = "aborted";
    record(entry);
    if (delivery.ending == Delivery::Ending::reset) reset(stream);
    const bool is_kept = request.keep_alive() && delivery.ending == Delivery::Ending::keep;
    co_return is_kept&& sent;
  }

  /// Returns whether all bytes were sent.
  asio::awaitable<bool> send(TlsStream& stream, const std::string& text, std::size_t head_size,
                             Delivery delivery) {
    const std::size_t size = delivery.cut ? (head_size + text.size()) / 2 : text.size();
    const std::size_t piece_size = size / delivery.pieces + 1;
    const Seconds gap(settings_.slow_s / static_cast<double>(delivery.pieces));
    for (std::size_t at = 0; at < size; at += piece_size) {
      if (delivery.pieces > 1) co_await pause(gap);
      beast::get_lowest_layer(stream).expires_after(kIdleTimeout);
      const auto piece = asio::buffer(text.data() + at, std::min(piece_size, size - at));
      error_code error;
      co_await asio::async_write(stream, piece, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return false;
    }
    co_return true;
  }

  /// Sends nothing until the client closes or the time is over.
  asio::awaitable<void> hold(TlsStream& stream) {
    beast::get_lowest_layer(stream).expires_after(nanoseconds(Seconds(settings_.hang_s)));
    char ignored[256];
    error_code error;
    while (!error) {
      const auto into = asio::buffer(ignored);
      co_await stream.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
    }
  }

  asio::awaitable<void> pause(Seconds time) {
    if (time <= Seconds::zero()) co_return;
    asio::steady_timer timer(context_, nanoseconds(time));
    co_await timer.async_wait(asio::use_awaitable);
  }

  /// Closes the connection with a TCP RST.
  static void reset(TlsStream& stream) {
    auto& socket = beast::get_lowest_layer(stream).socket();
    error_code ignored;
    socket.set_option(tcp::socket::linger(true, 0), ignored);
    socket.close(ignored);
  }

  Seconds latency() {
    const double swing = settings_.latency_jitter_ms * (2 * latency_luck_.unit() - 1);
    return Seconds((settings_.latency_ms + swing) / 1e3);
  }

  void record(const Entry& entry) {
    ledger_.count(entry);
    log_(entry);
  }

  const ServerSettings& settings_;
  Attestr& attestr_;
  Ledger& ledger_;
  const std::function<void(const Entry&)>& log_;
  Rng latency_luck_;
  asio::ssl::context tls_;
  asio::io_context context_{1};
};

}  // namespace

void serve(const ServerSettings& settings, Attestr& attestr, Ledger& ledger,
           const std::function<void(std::uint16_t)>& ready,
           const std::function<void(const Entry&)>& log) {
  Server(settings, attestr, ledger, log).run(ready);
}

}  // namespace attestrd::simulator
