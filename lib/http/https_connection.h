#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

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

/// A connection over TLS, for one request after another. The first exchange opens it. A closed
/// connection is never reopened: the next request needs another object. One thread uses it.
///
/// Each step reads at most kTlsStepBytes and then returns to the event loop, so that an endless
/// answer delays no other connection.
// More than 20 methods: half of them are the steps of an exchange.
class HttpsConnection : public std::enable_shared_from_this<HttpsConnection> {
 public:
  using Failure = std::optional<TransportFailure>;  ///< Empty after a success.
  using Instant = std::chrono::steady_clock::time_point;

  /// The callbacks of a connection. All are called on the event loop, never from within a call of
  /// the connection except end_if_late(), and not after close().
  struct Events {
    std::function<void(Failure)> on_end;  ///< An exchange has ended.
    std::function<void()> on_lost;        ///< The connection ended or received bytes while it was
                                          ///< idle, and is closed now.
    /// An answer may take so many bytes, more than limits::kSmallAnswerBytes. Nothing more of it is
    /// read before grant(), which may be called at once.
    std::function<void(std::size_t)> on_large;
    /// The TLS handshake is done, with a certificate that is valid until then. May be empty.
    std::function<void(Wall)> on_open{};
  };

  HttpsConnection(boost::asio::any_io_executor executor, std::shared_ptr<const HttpsTarget> target,
                  Events events);
  ~HttpsConnection();

  /// Sends a request on a new or idle connection. The bytes of the request must stay valid until
  /// on_end. A failure closes the connection.
  void exchange(std::string_view request);

  /// Returns whether the connection has served a request and can serve another.
  bool is_idle() const { return state_ == State::idle; }

  /// Watches the idle connection: on_lost may be called from now on until the next exchange.
  void watch();

  /// Returns whether nothing was received while the connection was idle but TLS's own messages.
  /// Checks the socket itself, since the event that leads to on_lost may still be queued.
  bool is_silent();

  /// Returns for how long the latest exchange has lasted, counted from its request; nothing if the
  /// connection was never open.
  std::optional<Duration> lasted(Instant now) const;

  /// Returns whether the exchange has lasted longer than `request_timeout`.
  bool is_late(Instant now) const { return state_ == State::exchanging && now >= give_up_at_; }
  /// Ends the exchange with a timeout if it is late; calls on_end.
  void end_if_late(Instant now);

  /// Reads the answer on: it may take the memory that on_large asked for. If that does not come
  /// within `request_timeout`, the exchange ends with Kind::shortage.
  void grant(std::size_t bytes);

  /// Returns whether no byte of a response was received. Valid after a failed exchange.
  bool is_unanswered() const { return !reader_.has_begun(); }

  /// Returns the response of a successful exchange, valid until the next exchange.
  HttpResponse response() const { return reader_.response(); }
  /// Returns the buffer of its body, valid until the next exchange.
  std::string& body() { return reader_.body(); }

  /// Returns the TLS stream, with what the handshake established, also once it is closed; null if
  /// the handshake did not succeed.
  TlsStream* stream() const { return stream_.get(); }
  /// Returns the address of the peer to which TCP connected, be it a proxy.
  const boost::asio::ip::tcp::endpoint& address() const { return address_; }

  /// Closes the socket without the closing handshake of TLS, which may hang. An exchange in
  /// progress ends without on_end.
  void close();

 private:
  enum class State : std::uint8_t { fresh, opening, idle, exchanging, closed };

  boost::asio::awaitable<void> open(std::shared_ptr<HttpsConnection> self);
  void send();
  void read_on();
  void receive();
  void received(const boost::system::error_code& error, std::size_t count);
  Failure ended_by(const boost::system::error_code& error);
  void end_with(Failure failure);
  void judge_address(const Failure& failure);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<const HttpsTarget> target_;
  Events events_;
  State state_ = State::fresh;
  bool is_watched_ = false;
  bool is_waiting_ = false;  ///< For the memory of an answer.
  bool has_served_ = false;  ///< At least one exchange succeeded.
  boost::asio::ip::tcp::endpoint address_;
  std::unique_ptr<HttpsOpening> opening_;
  std::unique_ptr<TlsStream> stream_;  ///< Null until opened; kept, as operations refer to it.
  std::string_view request_;
  Instant give_up_at_;
  HttpsResponseReader reader_;
};

}  // namespace attestrd
