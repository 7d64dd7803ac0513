#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>

#include "http/https_race.h"
#include "http/https_target.h"

namespace attestrd {

/// The opening of one connection: it finds the addresses of the host or of its proxy, connects to
/// one of them, and does the TLS handshake with the host, all within `connect_timeout`.
class HttpsOpening {
 public:
  using Opened = HttpsRace::Opened;

  HttpsOpening(boost::asio::any_io_executor executor, std::shared_ptr<const HttpsTarget> target);

  /// Opens the connection. Must be called only once, and the object must live until it has ended.
  boost::asio::awaitable<Opened> run();

  /// Makes run() end with some failure as soon as the addresses are known. A DNS query is not
  /// cancelled, since other connections may wait for it.
  void abandon();

 private:
  boost::asio::any_io_executor executor_;
  std::shared_ptr<const HttpsTarget> target_;
  std::weak_ptr<HttpsRace> race_;  ///< Held by run(), which the event loop may destroy first.
  bool is_abandoned_ = false;
};

}  // namespace attestrd
