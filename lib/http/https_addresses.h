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

/// The addresses of one host, found by DNS. Callers that wait at the same time share one DNS query,
/// which runs on the resolver's thread (getaddrinfo() blocks, and can't be interrupted). Each
/// caller waits until its own deadline.
class HttpsAddresses : public std::enable_shared_from_this<HttpsAddresses> {
 public:
  using List = std::vector<boost::asio::ip::tcp::endpoint>;
  using Instant = std::chrono::steady_clock::time_point;

  HttpsAddresses(const boost::asio::any_io_executor& executor, const Endpoint& endpoint);

  /// Returns the addresses, never an empty list. Errors: the error of DNS, timed_out at `until`, or
  /// operation_aborted after stop().
  boost::asio::awaitable<boost::system::result<List>> find(Instant until);

  /// Ends every find() in progress with operation_aborted.
  void stop();

 private:
  void look_up();
  void publish(boost::system::result<List> answer);

  Endpoint endpoint_;
  boost::asio::ip::tcp::resolver resolver_;
  bool is_looking_up_ = false;
  boost::system::result<List> answer_;  ///< The answer to the last query.
  std::vector<boost::asio::steady_timer*> waiting_;
};

}  // namespace attestrd
