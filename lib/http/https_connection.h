#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/exchange.h"
#include "http/https_response_reader.h"
#include "http/https_target.h"

namespace attestrd {

class HttpsOpening;
class TlsStream;

/// One connection over TLS, for one request after another. The first exchange opens it. Once closed
/// it stays so: the next request needs another object. One thread.
///
/// Each step reads at most one buffer of 17 kB and then returns to the event loop, so that an
/// answer without end delays no other connection.
class HttpsConnection : public std::enable_shared_from_this<HttpsConnection> {
 public:
  using Failure = std::optional<TransportFailure>;  ///< Empty: success.
  using Instant = std::chrono::steady_clock::time_point;

  /// Both are called on the event loop, never from within a call of the connection, and not after
  /// close().
  struct Events {
    std::function<void(Failure)> on_end;  ///< An exchange has ended.
    std::function<void()> on_lost;        ///< The connection ended, or received something, while
                                          ///< it was idle; it is closed.
  };

  HttpsConnection(boost::asio::any_io_executor executor, std::shared_ptr<const HttpsTarget> target,
                  Events events);
  ~HttpsConnection();

  /// Sends a request, whose bytes must stay until on_end. A failure closes the connection. Only for
  /// a connection that is new or idle.
  void exchange(std::string_view request);

  /// Whether it served a request and can serve another.
  bool is_idle() const { return state_ == State::idle; }

  /// From now on, until the next exchange, on_lost may be called.
  void watch();

  /// Whether nothing was received while it was idle. Asks the system: the event that on_lost would
  /// report may still be queued.
  bool is_silent() const;

  /// Ends an exchange that has lasted longer than `request_timeout`.
  bool is_late(Instant now) const { return state_ == State::exchanging && now >= give_up_at_; }
  void end_if_late(Instant now);

  /// After a failed exchange: whether no byte of a response was received.
  bool is_unanswered() const { return !reader_.has_begun(); }

  /// After a successful exchange, until the next one.
  HttpResponse response() const { return reader_.response(); }
  std::string& body() { return reader_.body(); }

  /// Closes the socket without the closing handshake of TLS, which may hang. An exchange in
  /// progress ends without on_end.
  void close();

 private:
  enum class State : std::uint8_t { fresh, opening, idle, exchanging, closed };

  boost::asio::awaitable<void> open(std::shared_ptr<HttpsConnection> self);
  void send();
  void receive();
  void received(const boost::system::error_code& error, std::size_t count);
  void end_with(Failure failure);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<const HttpsTarget> target_;
  Events events_;
  State state_ = State::fresh;
  bool is_watched_ = false;
  std::unique_ptr<HttpsOpening> opening_;
  std::unique_ptr<TlsStream> stream_;  ///< Not before it is open; kept, as operations refer to it.
  std::string_view request_;
  Instant give_up_at_;
  HttpsResponseReader reader_;
};

}  // namespace attestrd
