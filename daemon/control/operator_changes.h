#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "daemon/control/questions.h"
#include "daemon/control/ticketed_answers.h"
#include "ledger/round.h"

namespace attestrd {

/// Passes the demands of operators on pending handshakes to the ledger or the engine, and answers
/// once they are durable. Used on the event loop.
class OperatorChanges {
 public:
  /// The parts of the daemon that it uses.
  struct Parts {
    std::function<void(RoundRequest)> submit;                            ///< DiskWorker::submit
    std::function<void(EngineCommand, Questions::OnAnswer)> ask_engine;  ///< Conductor::ask
  };

  explicit OperatorChanges(Parts parts) : parts_(std::move(parts)) {}

  void pause(bool is_paused, Questions::OnPaused on_paused);
  /// `node_requests` are the numbers of the requests of other nodes, one for each id; empty: it is
  /// asked here.
  void hold(const std::vector<HandshakeId>& ids, bool is_held, Questions::OnHeld on_held,
            std::span<const std::int64_t> node_requests = {});
  void cancel(const std::vector<HandshakeId>& ids, Questions::OnCancelled on_cancelled);

  /// Must be called for each report of the disk worker, after the conductor has passed it on.
  void on_report(const RoundReport& report);

 private:
  struct Cancelling {
    std::vector<HandshakeId> ids;
    std::vector<CancelOutcome> outcomes;
    std::size_t unanswered = 0;
    Questions::OnCancelled on_cancelled;
  };
  /// The place of an id in a request that waits for its ends.
  struct Place {
    std::shared_ptr<Cancelling> request;
    std::size_t index = 0;
  };

  void answer_others(const std::shared_ptr<Cancelling>& request,
                     const std::vector<Cancelled>& cancelled);
  void end(const HandshakeId& id, CancelOutcome outcome);

  Parts parts_;
  std::uint64_t last_ticket_ = 0;
  std::map<std::uint64_t, Questions::OnPaused> pausing_;  ///< By ticket.
  TicketedAnswers<HoldAnswer> holding_;
  std::multimap<HandshakeId, Place> cancelling_;  ///< Until their ends are durable.
};

}  // namespace attestrd
