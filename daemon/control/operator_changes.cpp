#include "daemon/control/operator_changes.h"

#include <algorithm>
#include <variant>

namespace attestrd {
namespace {

/// Returns what a handshake that an operator wanted to end has ended as.
CancelOutcome outcome_of(const Notice& ended) {
  if (ended.outcome == Outcome::completed) return CancelOutcome::completed;
  const bool is_cancelled = ended.reason == name_of(Reason::cancelled);
  return is_cancelled ? CancelOutcome::cancelled : CancelOutcome::ended;
}

}  // namespace

void OperatorChanges::pause(bool is_paused, Questions::OnPaused on_paused) {
  pausing_.emplace(++last_ticket_, std::move(on_paused));
  RoundRequest request;
  request.pauses.push_back({last_ticket_, is_paused});
  parts_.submit(std::move(request));
}

void OperatorChanges::hold(const std::vector<HandshakeId>& ids, bool is_held,
                           Questions::OnHeld on_held, std::span<const std::int64_t> node_requests) {
  if (ids.empty()) return on_held({});
  holding_.begin(last_ticket_ + 1, ids.size(), std::move(on_held));
  RoundRequest request;
  for (std::size_t i = 0; i < ids.size(); ++i)
    request.holds.push_back(
        {++last_ticket_, ids[i], is_held, node_requests.empty() ? 0 : node_requests[i]});
  parts_.submit(std::move(request));
}

void OperatorChanges::cancel(const std::vector<HandshakeId>& ids,
                             Questions::OnCancelled on_cancelled) {
  if (ids.empty()) return on_cancelled({});
  // The ends are awaited from now on: the report of a round may come before the engine's answer.
  const auto request = std::make_shared<Cancelling>(
      Cancelling{ids, std::vector<CancelOutcome>(ids.size(), CancelOutcome::not_pending),
                 ids.size(), std::move(on_cancelled)});
  for (std::size_t i = 0; i < ids.size(); ++i) cancelling_.emplace(ids[i], Place{request, i});
  parts_.ask_engine(CancelCommand{ids}, [this, request](const EngineAnswer& answer) {
    answer_others(request, std::get<std::vector<Cancelled>>(answer));
  });
}

/// Answers for those that do not end by the request.
void OperatorChanges::answer_others(const std::shared_ptr<Cancelling>& request,
                                    const std::vector<Cancelled>& cancelled) {
  for (std::size_t i = 0; i < cancelled.size(); ++i) {
    const bool is_ending = cancelled[i] == Cancelled::ending;
    if (!is_ending && cancelled[i] != Cancelled::not_pending) continue;
    const auto [first, last] = cancelling_.equal_range(request->ids[i]);
    const auto own = std::find_if(first, last, [&](const auto& each) {
      return each.second.request == request && each.second.index == i;
    });
    if (own == last) continue;  // It has ended meanwhile, and is answered.
    cancelling_.erase(own);
    request->outcomes[i] = is_ending ? CancelOutcome::ending : CancelOutcome::not_pending;
    if (--request->unanswered == 0) request->on_cancelled(request->outcomes);
  }
}

void OperatorChanges::end(const HandshakeId& id, CancelOutcome outcome) {
  const auto [first, last] = cancelling_.equal_range(id);
  const std::vector<std::pair<const HandshakeId, Place>> ended(first, last);
  cancelling_.erase(first, last);
  for (const auto& [ended_id, place] : ended) {
    auto& [request, index] = place;
    request->outcomes[index] = outcome;
    if (--request->unanswered == 0) request->on_cancelled(request->outcomes);
  }
}

void OperatorChanges::on_report(const RoundReport& report) {
  for (const auto& [ticket, is_changed] : report.paused)
    pausing_.extract(ticket).mapped()(is_changed);
  for (const auto& answer : report.held) holding_.answer(answer.ticket, answer);
  if (cancelling_.empty()) return;
  for (const Notice& notice : report.notices)
    if (notice.handshake && notice.outcome && !notice.file.empty())
      end(*notice.handshake, outcome_of(notice));
  // Those without a record: their rows are gone.
  for (const HandshakeId& id : report.settled) end(id, CancelOutcome::not_pending);
  for (const HandshakeId& id : report.lost) end(id, CancelOutcome::not_pending);
}

}  // namespace attestrd
