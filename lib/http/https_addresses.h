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
/// caller waits until its own deadline; the query goes on, and its late answer serves the next
/// caller. The last known addresses are kept, and used while DNS is slow or fails.
class HttpsAddresses : public std::enable_shared_from_this<HttpsAddresses> {
 public:
  using List = std::vector<boost::asio::ip::tcp::endpoint>;
  using Instant = std::chrono::steady_clock::time_point;

  HttpsAddresses(const boost::asio::any_io_executor& executor, const Endpoint& endpoint);

  /// Returns the addresses in the order in which to try them, never an empty list: the one that
  /// worked last, then both families by turns (RFC 8305, 4). Errors: the error of DNS or of the
  /// resolver's thread, timed_out at `until`, or operation_aborted after stop().
  boost::asio::awaitable<boost::system::result<List>> find(Instant until);

  /// Reports that a connection to this address was opened: it is tried first from now on.
  void worked(const boost::asio::ip::tcp::endpoint& address) { last_good_ = address; }

  /// Ends every find(), also later ones, with operation_aborted.
  void stop();

 private:
  void look_up();
  void publish(const boost::system::error_code& error);
  List in_order() const;

  Endpoint endpoint_;
  boost::asio::ip::tcp::resolver resolver_;
  bool is_looking_up_ = false;
  bool is_stopped_ = false;
  boost::system::error_code error_;  ///< The outcome of the last query.
  List known_;                       ///< The addresses of the last query that found some.
  Instant found_at_;
  boost::asio::ip::tcp::endpoint last_good_;
  std::vector<boost::asio::steady_timer*> waiting_;
};

}  // namespace attestrd
