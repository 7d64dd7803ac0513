#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "handshake/handshake_id.h"
#include "http/exchange.h"

namespace attestrd {

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
