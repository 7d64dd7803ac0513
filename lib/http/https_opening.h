#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <variant>

#include "http/exchange.h"
#include "http/https_addresses.h"
#include "http/https_target.h"
#include "http/https_tls.h"

namespace attestrd {

/// The opening of one connection: it finds the addresses of the host, connects to one of them, and
/// does the TLS handshake, all within `connect_timeout`.
class HttpsOpening {
 public:
  using Opened = std::variant<std::unique_ptr<TlsStream>, TransportFailure>;

  HttpsOpening(boost::asio::any_io_executor executor, std::shared_ptr<const HttpsTarget> target);

  /// Opens the connection. Must be called only once, and the object must live until it has ended.
  boost::asio::awaitable<Opened> run();

  /// Makes run() end with some failure as soon as the addresses are known. A DNS query is not
  /// cancelled, since other connections may wait for it.
  void abandon();

 private:
  using Instant = std::chrono::steady_clock::time_point;

  boost::asio::awaitable<Opened> connect(const HttpsAddresses::List& addresses, Instant until);
  boost::asio::awaitable<Opened> secure(TcpSocket socket, Instant until);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<const HttpsTarget> target_;
  TcpSocket* socket_ = nullptr;  ///< The socket that run() uses at present.
  bool is_abandoned_ = false;
};

}  // namespace attestrd
