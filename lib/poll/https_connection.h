#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "handshake/handshake_id.h"
#include "poll/https_addresses.h"
#include "poll/https_poller.h"
#include "poll/https_readiness.h"
#include "http/https_response_reader.h"
#include "poll/https_tls.h"
#include "poll/poller.h"
#include "poll/request.h"

namespace attestrd {

/// What the connections made under one configuration share.
struct HttpsSetup {
  HttpsPollerSettings settings;
  Request request;
  TlsContext tls;
  std::shared_ptr<HttpsAddresses> addresses;
};

/// One connection to Attestr: opened, used for one poll after another, and perhaps opened anew.
/// Opening is rare and a coroutine; an exchange is a step of OpenSSL for each time that the socket
/// is ready, and allocates nothing.
class HttpsConnection final : public std::enable_shared_from_this<HttpsConnection>,
                              private HttpsReadiness::Listener {
 public:
  using Failure = std::optional<TransportFailure>;  ///< Nothing: it went well.
  using Instant = std::chrono::steady_clock::time_point;

  /// `on_end` hears of the end of each exchange, always from the event loop and never from within
  /// exchange(). `on_lost` hears that the connection, while nothing was asked, has ended or spoken.
  struct Events {
    std::function<void(Failure)> on_end;
    std::function<void()> on_lost;
  };

  HttpsConnection(const boost::asio::any_io_executor& executor,
                  std::shared_ptr<HttpsReadiness> readiness, Events events);
  ~HttpsConnection();

  boost::asio::awaitable<Failure> open(std::shared_ptr<HttpsSetup> setup);

  /// Sends one request; its answer, or the failure, comes by on_end. Closes the connection on any
  /// failure.
  void exchange(const HandshakeId& id);

  /// Whether an exchange has lasted longer than `request_timeout`.
  bool is_late(Instant now) const { return state_ == State::exchanging && now >= give_up_at_; }
  void end_if_late(Instant now);

  /// Whether it stands, made under `setup`.
  bool is_reusable(const std::shared_ptr<HttpsSetup>& setup) const;

  /// Whether nothing has come while it was idle, asked of the system itself: what on_lost will tell
  /// may not have been told yet.
  bool is_silent() const;

  /// After a failed exchange: not a byte of the answer had come.
  bool is_unanswered() const { return !reader_.has_begun(); }

  /// After a good exchange, until the next one.
  HttpResponse response() const { return reader_.response(); }
  std::string& body() { return reader_.body(); }

  /// Leaves without the TLS closing handshake, which may hang: all that was read says its length.
  void close();

  /// Closes it for good: what is under way ends without a word, and it is not opened again.
  void abandon();

 private:
  bool on_ready() override;
  boost::asio::awaitable<Failure> connect(const HttpsAddresses::List& addresses, Instant until);
  boost::asio::awaitable<Failure> secure(Instant until);
  boost::asio::awaitable<bool> ready_until(Instant until);
  void advance();
  void take_a_turn();
  void end_with(Failure failure);
  bool is_written();
  void want_write(bool wanted);
  TransportFailure broken_off() const;
  TransportFailure refused(HttpsResponseReader::Progress progress) const;

  enum class State : std::uint8_t { closed, opening, idle, exchanging };

  boost::asio::any_io_executor executor_;
  std::shared_ptr<HttpsReadiness> readiness_;
  Events events_;
  State state_ = State::closed;
  bool is_abandoned_ = false;
  bool wants_write_ = false;
  bool has_a_turn_ = false;          ///< An answer is so long that the rest is read in another.
  boost::asio::steady_timer alarm_;  ///< While opening: cancelled when the socket is ready.
  std::shared_ptr<HttpsSetup> setup_;
  std::optional<boost::asio::ip::tcp::socket> connecting_;
  int socket_ = -1;
  std::unique_ptr<TlsSession> tls_;
  std::optional<Request> request_;  ///< Its own copy, for the id that stands in it.
  std::string_view unsent_;
  Instant give_up_at_;
  HttpsResponseReader reader_;
};

}  // namespace attestrd
