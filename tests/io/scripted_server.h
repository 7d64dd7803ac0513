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

/// A TLS server that goes by a script, on the event loop of the test. It must live as long as that
/// loop runs.
class ScriptedServer {
 public:
  /// What the server does with one request: sends raw bytes, then one of these.
  struct Step {
    enum class Then : std::uint8_t { keep, close, reset, hang };

    std::string bytes;
    Then then = Then::keep;
    std::chrono::milliseconds before{0};   ///< Waits so long before the first byte,
    std::chrono::milliseconds between{0};  ///< and, if not zero, so long between single bytes.
    std::string endless{};                 ///< Sent behind it, if not empty, again and again.
  };

  struct Settings {
    const char* address = "127.0.0.1";
    int max_tls_version = 0;  ///< 0: the newest.
    bool greets = true;       ///< false: accepts TCP and then says nothing.
  };

  ScriptedServer(boost::asio::io_context& events, const Identity& identity, Settings settings);
  ScriptedServer(boost::asio::io_context& events, const Identity& identity)
      : ScriptedServer(events, identity, Settings()) {}

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  /// The steps for the requests to come, in order; after these, `otherwise` for each.
  std::deque<Step> script;
  Step otherwise;
  /// If set, the bytes of `otherwise` are made for each request.
  std::function<std::string(const std::string& request)> answers;

  std::size_t accepted() const { return accepted_; }
  std::size_t open() const;
  const std::vector<std::string>& requests() const { return requests_; }

  /// Takes no more connections.
  void refuse() { acceptor_.close(); }

  /// Ends every connection that stands.
  void hang_up();

  /// Sends bytes that nobody asked for on every connection that stands.
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
