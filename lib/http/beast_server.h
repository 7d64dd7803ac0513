#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/router.h"

namespace attestrd {

/// The bounds and the texts of a server.
struct ServerSettings {
  std::string name;        ///< The Server field.
  std::string too_late;    ///< The text of the 503 if a handler does not answer in time.
  HostNames host_names{};  ///< TCP clients that call it by another name get 421.
  /// Returns whether a request over TCP is served that has this Authorization field (empty if it
  /// has none, or several); else it gets 401, and its body is not read. A server with such a
  /// function has any host name: no web page knows what it accepts.
  std::function<bool(std::string_view)> authorizes{};
  std::size_t clients = 16;          ///< Per audience; further clients get 503.
  std::size_t refused_clients = 64;  ///< Per audience at a time; further ones are closed unread.
  std::size_t head_bytes = 8192;     ///< A longer head gets 400.
  std::size_t body_bytes = std::size_t{1} << 20;  ///< A longer body gets 413.
  std::chrono::milliseconds exchange_timeout = std::chrono::seconds(5);  ///< To read, and to write.
  std::chrono::milliseconds answer_timeout = std::chrono::seconds(4);    ///< For a handler.
  std::chrono::milliseconds part_timeout =
      std::chrono::seconds(60);  ///< To read, and to write, a part of a body.
};

/// An HTTP/1.1 server on unix sockets and TCP ports. It serves one request per connection: GET
/// without a body, and POST with a body. All of it runs on the event loop.
class BeastServer {
 public:
  BeastServer(boost::asio::io_context& loop, Router router, ServerSettings settings);

  BeastServer(BeastServer&&) noexcept = default;
  BeastServer& operator=(BeastServer&&) = delete;

  /// Closes the connections of all clients. A request that waits for its handler gets no response.
  ~BeastServer();

  /// Accepts clients until the server is destroyed.
  void serve(boost::asio::local::stream_protocol::acceptor acceptor);  ///< Audience: local.
  void serve(boost::asio::ip::tcp::acceptor acceptor);                 ///< Audience: anybody.
  /// Serves over TLS, to anybody. Beginnings of TLS are bounded to some hundred a second, since
  /// each costs the event loop about a millisecond.
  void serve(boost::asio::ip::tcp::acceptor acceptor,
             std::shared_ptr<boost::asio::ssl::context> tls);

  /// Accepts no more clients of the audience, until serve() is called again. Those that are there
  /// are served.
  void stop_serving(Audience audience);

 private:
  struct State;

  std::shared_ptr<State> state_;  ///< Shared with the coroutines that serve.
};

}  // namespace attestrd
