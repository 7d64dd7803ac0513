#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/certificates.h"

namespace attestrd {

/// A TLS server that follows a script, on the event loop of the test. It must outlive every run of
/// that loop.
class ScriptedServer {
 public:
  /// The server's reaction to one request: it sends raw bytes, and then does `then`.
  struct Step {
    /// `close` and `reset` omit the close_notify that `end` sends.
    enum class Then : std::uint8_t { keep, end, close, reset, hang };

    std::string bytes;
    Then then = Then::keep;
    std::chrono::milliseconds before{0};   ///< Delay before the first byte.
    std::chrono::milliseconds between{0};  ///< Delay between single bytes; 0: all at once.
    std::string endless{};                 ///< Sent afterwards without end, if not empty.
  };

  struct Settings {
    const char* address = "127.0.0.1";
    int max_tls_version = 0;  ///< 0: the newest.
    bool greets = true;       ///< false: accepts TCP and then sends nothing.
  };

  ScriptedServer(boost::asio::io_context& events, const Identity& identity, Settings settings);
  ScriptedServer(boost::asio::io_context& events, const Identity& identity)
      : ScriptedServer(events, identity, Settings()) {}

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  /// The steps for the next requests, in order. Each later request gets `otherwise`.
  std::deque<Step> script;
  Step otherwise;
  /// Makes the bytes of `otherwise` for each request, if set.
  std::function<std::string(const std::string& request)> answers;

  std::size_t accepted() const { return accepted_; }
  std::size_t open() const;
  const std::vector<std::string>& requests() const { return requests_; }

  /// Accepts no more connections.
  void refuse() { acceptor_.close(); }

  /// Closes every open connection.
  void hang_up();

  /// Sends a session ticket and so many key updates, without data, on every open connection.
  void send_control(int key_updates);

  /// Sends unsolicited bytes on every open connection.
  void blurt(const std::string& bytes);

 private:
  using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> converse(std::shared_ptr<Stream> stream);
  boost::asio::awaitable<void> perform(Stream& stream, Step step);
  boost::asio::awaitable<void> pause(std::chrono::milliseconds time);
  Step next_step(const std::string& request);

  boost::asio::io_context& events_;
  boost::asio::ssl::context tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  bool greets_;
  std::size_t accepted_ = 0;
  std::vector<std::string> requests_;
  std::vector<std::shared_ptr<Stream>> streams_;
};

}  // namespace attestrd
