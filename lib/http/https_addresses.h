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
#include "http/https_address_order.h"

namespace attestrd {

/// The addresses of one host, found by DNS. Callers that wait at the same time share one DNS query,
/// which runs on the resolver's thread (getaddrinfo() blocks, and can't be interrupted). Each
/// caller waits until its own deadline; the query goes on, and its late answer serves the next
/// caller. The last known addresses are kept, and used while DNS is slow or fails. An address, and
/// `localhost` (RFC 6761, 6.3), are never looked up.
class HttpsAddresses : public std::enable_shared_from_this<HttpsAddresses> {
 public:
  using Address = HttpsAddressOrder::Address;
  using List = HttpsAddressOrder::List;
  using Instant = std::chrono::steady_clock::time_point;

  HttpsAddresses(const boost::asio::any_io_executor& executor, const Endpoint& endpoint);

  /// Returns the addresses in the order of HttpsAddressOrder, never an empty list. Errors: the
  /// error of DNS or of the resolver's thread, timed_out at `until`, or operation_aborted after
  /// stop().
  boost::asio::awaitable<boost::system::result<List>> find(Instant until);

  /// See HttpsAddressOrder.
  void worked(const Address& address) { order_.worked(address); }
  void failed(const Address& address) { order_.failed(address, Instant::clock::now()); }

  /// Ends every find(), also later ones, with operation_aborted.
  void stop();

 private:
  void look_up();
  void publish(const boost::system::error_code& error);

  Endpoint endpoint_;
  bool is_fixed_ = false;  ///< The addresses do not depend on DNS.
  boost::asio::ip::tcp::resolver resolver_;
  bool is_looking_up_ = false;
  bool is_stopped_ = false;
  boost::system::error_code error_;  ///< The outcome of the last query.
  HttpsAddressOrder order_;          ///< Of the addresses that the last good query found.
  Instant found_at_;
  std::vector<boost::asio::steady_timer*> waiting_;
};

}  // namespace attestrd
