#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "http/router.h"

namespace attestrd {

/// What a server bounds and says.
struct ServerSettings {
  std::string name;          ///< The Server field.
  std::string too_late;      ///< Of the 503 for a request whose handler does not answer in time.
  std::size_t clients = 16;  ///< Of each audience; more are closed unread.
  std::size_t head_bytes = 8192;                                         ///< More: 400.
  std::size_t body_bytes = std::size_t{1} << 20;                         ///< More: 400.
  std::chrono::milliseconds exchange_timeout = std::chrono::seconds(5);  ///< To read, and to write.
  std::chrono::milliseconds answer_timeout = std::chrono::seconds(4);    ///< Of a handler.
};

/// An HTTP/1.1 server on unix sockets and TCP ports: one request a connection, GET without and POST
/// with a body. All of it runs on the event loop.
class BeastServer {
 public:
  BeastServer(boost::asio::io_context& loop, Router router, ServerSettings settings);

  BeastServer(BeastServer&&) noexcept = default;
  BeastServer& operator=(BeastServer&&) = delete;

  /// Drops the clients. What still waits for an answer of its handler gets none.
  ~BeastServer();

  /// Accepts clients until the end.
  void serve(boost::asio::local::stream_protocol::acceptor acceptor);  ///< Audience: local.
  void serve(boost::asio::ip::tcp::acceptor acceptor);                 ///< Audience: anybody.

 private:
  struct State;

  std::shared_ptr<State> state_;  ///< Shared with the coroutines that serve.
};

}  // namespace attestrd
