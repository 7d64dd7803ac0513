#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

#include "base/result.h"
#include "daemon/config/config.h"
#include "daemon/config/secrets.h"
#include "engine/command.h"
#include "handshake/handshake_id.h"
#include "http/beast_server.h"
#include "metrics/metrics.h"

namespace attestrd {

/// Takes the webhooks of Attestr on `hints.listen`, over TLS where a certificate is configured, as
/// hints for the engine. It writes nothing and logs nothing: what a webhook says is not trusted.
class HintServer {
 public:
  /// Passes a hint to the engine. The answer comes later.
  using OnHinted = std::function<void(Hinted)>;
  using Hint = std::function<void(const HandshakeId&, OnHinted)>;

  /// Listens. `hints.listen` must be set. Errors: `invalid_config` if the certificate or its key
  /// can't be used, `unavailable` if the address is in use.
  static Result<std::unique_ptr<HintServer>> open(boost::asio::io_context& loop,
                                                  const Config::Hints& settings,
                                                  const HintSecrets& secrets, Hint hint);

  HintServer(HintServer&&) = delete;  // Handlers refer to it.

  /// Counts of hints, by what became of them.
  const Metrics& counters() const { return counters_; }

 private:
  HintServer(boost::asio::io_context& loop, const HintSecrets& secrets, Hint hint);

  Router router();
  void take(const ServerRequest& request, const Responder& respond);

  Hint hint_;
  Metrics counters_;
  BeastServer server_;
};

}  // namespace attestrd
