#include "daemon/service/fleet/node_requests.h"

#include <cstddef>
#include <utility>
#include <variant>

namespace attestrd {
namespace {

std::vector<HandshakeId> ids_of(const std::vector<NodeRequest>& requests) {
  std::vector<HandshakeId> ids;
  for (const auto& request : requests) ids.push_back(request.id);
  return ids;
}

std::vector<std::int64_t> numbers_of(const std::vector<NodeRequest>& requests) {
  std::vector<std::int64_t> numbers;
  for (const auto& request : requests) numbers.push_back(request.number);
  return numbers;
}

}  // namespace

void NodeRequests::take(const Requests& seen) {
  Requests holds, releases, kicks, over;
  for (const auto& request : open_.begin(seen)) {
    if (!request.is_pending) {
      over.push_back(request);
      continue;
    }
    switch (request.verb) {
      case RequestVerb::hold: holds.push_back(request); break;
      case RequestVerb::release: releases.push_back(request); break;
      case RequestVerb::kick: kicks.push_back(request); break;
      case RequestVerb::cancel: cancel(request); break;
    }
  }
  hold(holds, true);
  hold(releases, false);
  kick(kicks);
  remove(over);
}

/// One that is not pending for the queue may be so later: its shelf was taken over just now.
void NodeRequests::hold(const Requests& requests, bool is_held) {
  if (requests.empty()) return;
  const auto on_held = [this, requests](const std::vector<HoldAnswer>& answers) {
    for (std::size_t i = 0; i < requests.size(); ++i)
      answers[i].is_pending ? open_.done(requests[i]) : open_.failed(requests[i]);
  };
  parts_.changes.hold(ids_of(requests), is_held, on_held, numbers_of(requests));
}

/// The engine may not have adopted a handshake yet whose row is pending.
void NodeRequests::cancel(const NodeRequest& request) {
  parts_.changes.cancel({request.id}, [this, request](const std::vector<CancelOutcome>& outcomes) {
    if (outcomes.front() == CancelOutcome::not_pending) return open_.failed(request);
    remove({request});
  });
}

void NodeRequests::kick(const Requests& requests) {
  if (requests.empty()) return;
  const auto on_kicked = [this, requests](const EngineAnswer& answer) {
    const auto& kicked = std::get<std::vector<Kicked>>(answer);
    Requests done;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (kicked[i] == Kicked::not_pending)
        open_.failed(requests[i]);
      else
        done.push_back(requests[i]);
    }
    remove(done);
  };
  parts_.ask_engine(KickCommand{ids_of(requests)}, on_kicked);
}

void NodeRequests::remove(const Requests& requests) {
  if (requests.empty()) return;
  for (const auto& request : requests) open_.done(request);
  RoundRequest round;
  round.done_requests = numbers_of(requests);
  parts_.submit(std::move(round));
}

}  // namespace attestrd
