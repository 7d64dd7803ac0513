#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "handshake/handshake_id.h"
#include "poll/response.h"

namespace attestrd {

/// A poll that brought no answer we can read.
struct TransportFailure {
  enum class Kind : std::uint8_t {
    resolve,      ///< DNS gave no address.
    connect,      ///< Refused, unreachable, or no connection within `connect_timeout`.
    tls,          ///< The handshake failed for another reason than the certificate.
    certificate,  ///< The certificate is not one for this host that we trust now. Account trouble.
    timeout,      ///< No complete answer within `request_timeout`.
    reset,        ///< The connection ended before the answer was complete.
    framing,      ///< The answer is not HTTP/1.1 that we accept.
    too_large,    ///< The answer is larger than `max_response`.
  };
  Kind kind{};
  std::string detail;          ///< What the system or the library said; never a byte of an answer.
  int certificate_depth = -1;  ///< Kind::certificate: where in the chain; 0 is the server's own.
};

std::string_view name_of(TransportFailure::Kind kind);

using PollReply = std::variant<HttpResponse, TransportFailure>;

/// The door to Attestr. Its hand is `https_poller`.
class Poller {
 public:
  using Ticket = std::uint32_t;

  /// Called once for each poll, on the event loop, never from within start(). Views in the reply
  /// hold until it returns. `body` is the buffer that HttpResponse::body looks into: whoever keeps
  /// the answer may move it away instead of copying it.
  using OnReply = std::function<void(Ticket, const PollReply&, std::string& body)>;

  virtual ~Poller() = default;

  /// Asks for the handshake once. Never more at a time than the `connections` of the settings.
  virtual void start(Ticket ticket, const HandshakeId& id) = 0;

  /// Drops what is in flight: no further call of OnReply.
  virtual void stop() = 0;
};

}  // namespace attestrd
