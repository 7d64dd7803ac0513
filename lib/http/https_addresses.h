#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <memory>
#include <vector>

#include "http/endpoint.h"

namespace attestrd {

/// Finds the addresses of one host by DNS. Callers that wait at the same time share one look-up,
/// which runs on the resolver's thread (getaddrinfo() blocks, and can't be interrupted); each
/// caller waits until an instant of its own.
class HttpsAddresses : public std::enable_shared_from_this<HttpsAddresses> {
 public:
  using List = std::vector<boost::asio::ip::tcp::endpoint>;
  using Instant = std::chrono::steady_clock::time_point;

  HttpsAddresses(const boost::asio::any_io_executor& executor, const Endpoint& endpoint);

  /// Never an empty list. Errors: what DNS said; timed_out at `until`; operation_aborted.
  boost::asio::awaitable<boost::system::result<List>> find(Instant until);

  /// Every find() in progress ends with operation_aborted.
  void stop();

 private:
  void look_up();
  void publish(boost::system::result<List> answer);

  Endpoint endpoint_;
  boost::asio::ip::tcp::resolver resolver_;
  bool is_looking_up_ = false;
  boost::system::result<List> answer_;  ///< Of the last look-up.
  std::vector<boost::asio::steady_timer*> waiting_;
};

}  // namespace attestrd
