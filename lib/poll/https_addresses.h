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

/// Finds the addresses of one host. All who ask while DNS is being asked share its answer, and each
/// waits only as long as it wants to: a look-up in getaddrinfo() can't be broken off.
class HttpsAddresses : public std::enable_shared_from_this<HttpsAddresses> {
 public:
  using List = std::vector<boost::asio::ip::tcp::endpoint>;
  using Instant = std::chrono::steady_clock::time_point;

  HttpsAddresses(const boost::asio::any_io_executor& executor, const Endpoint& endpoint);

  /// Never an empty list. Errors: what DNS said; timed_out at `until`; operation_aborted.
  boost::asio::awaitable<boost::system::result<List>> find(Instant until);

  /// Everyone in find() gets operation_aborted.
  void stop();

 private:
  void ask();
  void settle(boost::system::result<List> answer);

  Endpoint endpoint_;
  boost::asio::ip::tcp::resolver resolver_;
  bool is_asking_ = false;
  boost::system::result<List> answer_;  ///< The last one.
  std::vector<boost::asio::steady_timer*> waiting_;
};

}  // namespace attestrd
