#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "daemon/control/operator_changes.h"
#include "fleet/open_requests.h"
#include "ledger/round.h"

namespace attestrd {

/// Carries out what operators at other nodes ask for handshakes of this one, on the same way as the
/// commands that are given here. The commit of a hold removes its request. A cancel and a kick are
/// removed afterwards: they are about one attempt, so that a second one does nothing. Used on the
/// event loop.
class NodeRequests {
 public:
  /// The parts of the daemon that it uses.
  struct Parts {
    std::function<void(RoundRequest)> submit;                            ///< DiskWorker::submit
    std::function<void(EngineCommand, Questions::OnAnswer)> ask_engine;  ///< Conductor::ask
    OperatorChanges& changes;                                            ///< Outlives this object.
  };

  explicit NodeRequests(Parts parts) : parts_(std::move(parts)) {}

  /// Takes the requests that a beat has seen.
  void take(const std::vector<NodeRequest>& seen);

 private:
  using Requests = std::vector<NodeRequest>;

  void hold(const Requests& requests, bool is_held);
  void cancel(const NodeRequest& request);
  void kick(const Requests& requests);
  void remove(const Requests& requests);

  Parts parts_;
  OpenRequests open_;
};

}  // namespace attestrd
