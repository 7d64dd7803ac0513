#include "ledger/operators/interventions.h"

#include <chrono>
#include <variant>

namespace attestrd {

void Interventions::add_changes(const RoundRequest& part, Wall now, QueueBatch& batch) {
  OperatorPause pause = pause_;
  for (const auto& request : part.pauses) {
    if (!request.is_paused)
      pause.since.reset();
    else if (!pause.since)
      pause.since = std::chrono::floor<std::chrono::milliseconds>(now);
  }
  if (pause != pause_) batch.pause = pause;
  first_change_ = batch.changes.size();
  for (const auto& request : part.holds) {
    if (request.node_request != 0)
      batch.requests.push_back({request.node_request, batch.changes.size()});
    batch.changes.emplace_back(SetHeld{request.id, request.is_held});
  }
  for (const auto number : part.done_requests) batch.requests.push_back({number, {}});
}

void Interventions::finish(const RoundRequest& part, const QueueBatch& batch,
                           const std::vector<Applied>& changes, RoundReport& report) {
  bool is_paused = pause_.since.has_value();
  for (const auto& request : part.pauses) {
    report.paused.push_back({request.ticket, request.is_paused != is_paused});
    is_paused = request.is_paused;
  }
  if (batch.pause) pause_ = *batch.pause;
  report.pause = batch.pause;
  for (std::size_t i = 0; i < part.holds.size(); ++i) {
    const bool is_pending = changes[first_change_ + i] == Applied::applied;
    report.held.push_back({part.holds[i].ticket, is_pending});
    if (is_pending) report.holds.push_back(std::get<SetHeld>(batch.changes[first_change_ + i]));
  }
}

}  // namespace attestrd
