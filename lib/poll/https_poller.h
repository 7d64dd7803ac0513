#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "crypto/secret.h"
#include "http/endpoint.h"
#include "metrics/metrics.h"
#include "poll/poller.h"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace attestrd {

struct HttpsPollerSettings {
  Endpoint endpoint;
  std::string version;  ///< The version of the API in the path: "v1".
  Secret auth_token;
  std::string user_agent;  ///< "attestrd/" and the version of the program.
  std::string ca_file;     ///< If empty, the trust store of the system is used.
  std::shared_ptr<boost::asio::ssl::context> trust{};  ///< From read_trust(ca_file); null: read it.
  std::uint32_t connections = 1;
  Duration connect_timeout{};  ///< Until TLS is established, DNS included.
  Duration request_timeout{};  ///< From the first byte sent to the last one received.
  std::size_t max_response_bytes = 0;
  std::size_t answer_memory_bytes = std::size_t{256} << 20;  ///< For all answers together.
  Duration connection_age = std::chrono::minutes(10);  ///< Then no poll uses a connection any more.
  std::optional<Endpoint> proxy{};                     ///< Connections go through its tunnels.
  std::optional<Secret> proxy_auth{};                  ///< `USER:PASSWORD` for the proxy.
  std::string source_address{};                        ///< An IP address of this host; empty: any.
};

/// A poller of Attestr over HTTPS. It uses keep-alive connections, the most recently used one
/// first. A connection is closed after any answer that is not well framed. If an idle connection
/// turns out to be dead before the first byte of an answer, the request is sent once more on a
/// fresh one. After a success whose body does not name the handshake that was polled, the
/// connection is closed too: the answer may be that of an earlier request, and then every further
/// one would be.
class HttpsPoller final : public Poller {
 public:
  /// Returns a poller, or an error if the ca_file can't be used or if a request can't carry the
  /// version or the token. `events` must outlive the poller and be run by one thread, which is the
  /// only one to call the poller.
  static Result<std::unique_ptr<HttpsPoller>> make(boost::asio::io_context& events,
                                                   HttpsPollerSettings settings, OnReply on_reply);
  ~HttpsPoller() override;

  /// Starts a poll. A poll beyond `connections` waits until a connection is free.
  void start(Ticket ticket, const HandshakeId& id) override;
  void keep(std::size_t bytes) override;
  void stop() override;

  /// Applies new settings to every connection that is opened from now on. Idle connections are
  /// closed; polls in flight end under the old settings. After an error nothing has changed.
  Result<void> reconfigure(HttpsPollerSettings settings);

  /// Returns whether the system was lately short of descriptors or memory for another connection.
  /// Polls then wait for those that are there; a second later one more is tried.
  bool is_short() const;

  /// Adds the durations of the polls, and sets the expiry of the server's certificate.
  void measure(Metrics& metrics) const;

 private:
  class Pool;

  explicit HttpsPoller(std::shared_ptr<Pool> pool);

  std::shared_ptr<Pool> pool_;  ///< Shared with handlers that wait on the event loop.
};

}  // namespace attestrd
