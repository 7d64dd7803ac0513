#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "handshake/handshake_id.h"
#include "http/exchange.h"

namespace attestrd {

using PollReply = std::variant<HttpResponse, TransportFailure>;

/// The interface for polls of Attestr. HttpsPoller implements it.
class Poller {
 public:
  using Ticket = std::uint32_t;

  /// A callback that is called once for each poll, on the event loop, never from within start().
  /// Views in the reply hold until it returns. `body` is the buffer of HttpResponse::body: a callee
  /// that keeps the answer may move it instead of copying it.
  using OnReply = std::function<void(Ticket, const PollReply&, std::string& body)>;

  virtual ~Poller() = default;

  /// Polls the handshake once. At most `connections` of the settings may be in flight.
  virtual void start(Ticket ticket, const HandshakeId& id) = 0;

  /// Sets how many bytes of earlier answers are still in memory. They count against the memory for
  /// answers, of which the poller uses what is left.
  virtual void keep(std::size_t bytes) = 0;

  /// Drops the polls in flight. OnReply is not called again.
  virtual void stop() = 0;
};

}  // namespace attestrd
