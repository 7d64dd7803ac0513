#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

#include "base/result.h"
#include "daemon/config/config.h"
#include "daemon/control/explain.h"
#include "daemon/control/status.h"

namespace attestrd {

/// Answers who asks how the daemon is, over HTTP/1.1, one request a connection:
///
///     GET /status      JSON, or text for people if that is what Accept asks for; not over TCP
///     GET /explain/ID  the same of one handshake; 404 when nothing is known of it, 503 when the
///                      queue can't be asked
///     GET /metrics     the text format of Prometheus
///     GET /health      200, or 503 while the account or the disk keeps the daemon from polling
///
/// on the unix socket `admin.socket` (0660) and on the TCP address `admin.listen`.
class ControlServer {
 public:
  /// Called on the loop, once for each request.
  using Report = std::function<StatusReport()>;
  /// Likewise; the answer may come later, on the loop.
  using OnExplained = std::function<void(Result<ExplainReport>)>;
  using Explain = std::function<void(const HandshakeId&, OnExplained)>;

  /// Listens on what `admin` names, maybe on nothing. A socket file that nobody answers is left
  /// over from a crash, and replaced. Errors: `unavailable` when somebody does answer or the
  /// address is taken, `invalid_config` when the path is too long or names something else.
  static Result<ControlServer> open(boost::asio::io_context& loop, const Config::Admin& admin,
                                    Report report, Explain explain = {});

  ControlServer(ControlServer&&) noexcept = default;
  ControlServer& operator=(ControlServer&&) = delete;

  /// Drops the clients and removes the socket file.
  ~ControlServer();

 private:
  struct State;

  explicit ControlServer(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  ///< Shared with the coroutines that serve.
};

}  // namespace attestrd
