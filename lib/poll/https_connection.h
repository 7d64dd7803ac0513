#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "handshake/handshake_id.h"
#include "poll/https_addresses.h"
#include "poll/https_poller.h"
#include "poll/https_tls.h"
#include "poll/poller.h"
#include "poll/request.h"
#include "poll/https_response_reader.h"

namespace attestrd {

/// What the connections made under one configuration share.
struct HttpsSetup {
  HttpsPollerSettings settings;
  Request request;
  boost::asio::ssl::context tls;
  std::shared_ptr<HttpsAddresses> addresses;
};

/// One connection to Attestr: opened, used for one poll after another, and perhaps opened anew.
class HttpsConnection : public std::enable_shared_from_this<HttpsConnection> {
 public:
  using Failure = std::optional<TransportFailure>;  ///< Nothing: it went well.

  explicit HttpsConnection(const boost::asio::any_io_executor& executor);

  boost::asio::awaitable<Failure> open(std::shared_ptr<HttpsSetup> setup);

  /// Sends one request and reads its answer. Closes the connection on any failure.
  boost::asio::awaitable<Failure> exchange(HandshakeId id);

  /// Whether it stands, made under `setup`, and nothing has come since the last answer. What may
  /// come then is an end, or nothing that we asked for. A TLS session ticket would do no harm, but
  /// it can't be told from these without reading it, and it is rare this late.
  bool is_reusable(const std::shared_ptr<HttpsSetup>& setup);

  /// After a failed exchange: not a byte of the answer had come.
  bool is_unanswered() const { return !reader_.has_begun(); }

  /// After a good exchange, until the next one.
  HttpResponse response() const { return reader_.response(); }
  std::string& body() { return reader_.body(); }

  /// Leaves without the TLS closing handshake, which may hang: all that was read says its length.
  void close();

  /// Closes it for good: what is under way fails soon, and it is not opened again.
  void abandon();

 private:
  using Instant = std::chrono::steady_clock::time_point;

  boost::asio::awaitable<Failure> connect(const HttpsAddresses::List& addresses, Instant until);
  boost::asio::awaitable<Failure> secure(Instant until);
  TransportFailure exchange_failure(HttpsResponseReader::Progress progress,
                                    const boost::system::error_code& error) const;
  void close_at(Instant instant);
  void keep_open();

  boost::asio::steady_timer deadline_;
  bool is_timed_out_ = false;
  bool is_abandoned_ = false;
  bool keeps_alive_ = false;
  CertificateFault certificate_fault_;
  std::shared_ptr<HttpsSetup> setup_;
  std::optional<Request> request_;  ///< Its own copy, for the id that stands in it.
  std::optional<TlsStream> stream_;
  HttpsResponseReader reader_;
};

}  // namespace attestrd
