#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "crypto/secret.h"
#include "base/time.h"
#include "http/endpoint.h"
#include "poll/poller.h"

namespace boost::asio {
class io_context;
}

namespace attestrd {

struct HttpsPollerSettings {
  Endpoint endpoint;
  std::string version;  ///< Of the API, as it stands in the path: "v1".
  Secret auth_token;
  std::string user_agent;  ///< "attestrd/" and the version of the program.
  std::string ca_file;     ///< Empty: the system's trust store.
  std::uint32_t connections = 1;
  Duration connect_timeout{};  ///< Until the TLS connection stands, DNS included.
  Duration request_timeout{};  ///< From the first byte sent to the last one received.
  std::size_t max_response_bytes = 0;
};

/// Polls Attestr over HTTPS, on keep-alive connections, the one used last first. Closes a
/// connection after anything but a well-framed answer. A connection that died while it was idle
/// costs no failure: the request is sent once more, on a fresh one.
class HttpsPoller final : public Poller {
 public:
  /// Errors: a ca_file that can't be used; a version or a token that a request can't carry.
  /// `events` must outlive the poller and be run by one thread, the only one to call the poller.
  static Result<std::unique_ptr<HttpsPoller>> make(boost::asio::io_context& events,
                                                   HttpsPollerSettings settings, OnReply on_reply);
  ~HttpsPoller() override;

  /// A start beyond `connections` waits for its turn.
  void start(Ticket ticket, const HandshakeId& id) override;
  void stop() override;

  /// Takes new settings for every connection made from now on; idle ones are closed, polls in
  /// flight end under the old ones. On an error nothing changes.
  Result<void> reconfigure(HttpsPollerSettings settings);

 private:
  class Pool;

  explicit HttpsPoller(std::shared_ptr<Pool> pool);

  std::shared_ptr<Pool> pool_;  ///< Shared with what is under way on the event loop.
};

}  // namespace attestrd
