#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "http/exchange.h"
#include "http/https_addresses.h"
#include "http/https_target.h"
#include "http/https_tls.h"

namespace attestrd {

/// The attempts to open one connection over TLS to any address of a list (RFC 8305), be it the
/// server's or that of a proxy, which is asked for a tunnel before TLS begins. An attempt begins
/// when all before it have failed, or kConnectionAttemptDelay after the one before it; one whose
/// TCP connection is open has longer, an equal share of the time that is left. The first to
/// complete the TLS handshake wins, and the others are closed. The attempts share the object, so
/// that it lives as long as any of them.
class HttpsRace : public std::enable_shared_from_this<HttpsRace> {
 public:
  using Opened = std::variant<std::unique_ptr<TlsStream>, TransportFailure>;
  using Instant = std::chrono::steady_clock::time_point;

  HttpsRace(const boost::asio::any_io_executor& executor, std::shared_ptr<const HttpsTarget> target,
            HttpsAddresses::List addresses, Instant until);
  ~HttpsRace();

  /// Runs the race until it is won, all attempts have failed, `until`, or end(). After several
  /// failures the one is returned that got furthest. Must be called only once, and the caller must
  /// hold the object meanwhile.
  boost::asio::awaitable<Opened> run();

  /// Closes all attempts.
  void end();

 private:
  struct Lane;

  bool advance();
  void start_next();
  boost::asio::awaitable<void> attempt(std::shared_ptr<HttpsRace> self, Lane& lane);
  boost::system::error_code bind(Lane& lane);
  boost::asio::awaitable<bool> reach_server(Lane& lane);
  void prolong();
  boost::asio::awaitable<void> secure(Lane& lane);
  void note(const Lane& lane, TransportFailure failure);
  void note_late_ones();
  std::string late_words(const Lane& lane) const;
  std::string name_of(const Lane& lane) const;

  boost::asio::any_io_executor executor_;
  std::shared_ptr<const HttpsTarget> target_;
  HttpsAddresses::List addresses_;
  Instant until_;
  Instant next_at_;
  boost::asio::steady_timer changed_;         ///< Cancelled when an attempt has made progress.
  std::vector<std::unique_ptr<Lane>> lanes_;  ///< One for each attempt that has begun.
  std::size_t running_ = 0;
  bool is_over_ = false;
  std::unique_ptr<TlsStream> winner_;
  std::optional<TransportFailure> failure_;
};

}  // namespace attestrd
