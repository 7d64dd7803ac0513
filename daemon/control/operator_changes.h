#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "daemon/control/questions.h"
#include "ledger/round.h"

namespace attestrd {

/// Passes what operators demand of pending handshakes to the ledger or the engine, and answers once
/// it is durable. Used on the event loop.
class OperatorChanges {
 public:
  /// The parts of the daemon that it uses.
  struct Parts {
    std::function<void(RoundRequest)> submit;                            ///< DiskWorker::submit
    std::function<void(EngineCommand, Questions::OnAnswer)> ask_engine;  ///< Conductor::ask
  };

  explicit OperatorChanges(Parts parts) : parts_(std::move(parts)) {}

  void pause(bool is_paused, Questions::OnPaused on_paused);
  void hold(const std::vector<HandshakeId>& ids, bool is_held, Questions::OnHeld on_held);
  void cancel(const std::vector<HandshakeId>& ids, Questions::OnCancelled on_cancelled);

  /// Must be called for each report of the disk worker, after the conductor has passed it on.
  void on_report(const RoundReport& report);

 private:
  struct Holding {
    std::vector<HoldAnswer> answers;
    std::size_t unanswered = 0;
    Questions::OnHeld on_held;
  };
  struct Cancelling {
    std::vector<HandshakeId> ids;
    std::vector<CancelOutcome> outcomes;
    std::size_t unanswered = 0;
    Questions::OnCancelled on_cancelled;
  };
  /// The place of an id in a request that waits for its answers.
  template <class Request>
  struct Place {
    std::shared_ptr<Request> request;
    std::size_t index = 0;
  };

  void answer_others(const std::shared_ptr<Cancelling>& request,
                     const std::vector<Cancelled>& cancelled);
  void end(const HandshakeId& id, CancelOutcome outcome);

  Parts parts_;
  std::uint64_t last_ticket_ = 0;
  std::map<std::uint64_t, Questions::OnPaused> pausing_;      ///< By ticket.
  std::map<std::uint64_t, Place<Holding>> holding_;           ///< By ticket.
  std::multimap<HandshakeId, Place<Cancelling>> cancelling_;  ///< Until their ends are durable.
};

}  // namespace attestrd
