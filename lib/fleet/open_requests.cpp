#include "fleet/open_requests.h"

#include <algorithm>

namespace attestrd {

std::vector<NodeRequest> OpenRequests::begin(const std::vector<NodeRequest>& seen) {
  // Beats come one after the other: what one does not show any more, no later one shows.
  std::erase_if(begun_, [&seen](const auto& begun) {
    return begun.second && !std::ranges::binary_search(seen, begun.first, {}, &NodeRequest::number);
  });
  std::vector<NodeRequest> next;
  for (const auto& request : seen) {
    if (next.size() == kBegunAtOnce) break;
    if (begun_.contains(request.number) || !busy_.insert(request.id).second) continue;
    begun_.emplace(request.number, false);
    next.push_back(request);
  }
  return next;
}

void OpenRequests::done(const NodeRequest& request) {
  begun_.at(request.number) = true;
  busy_.erase(request.id);
}

void OpenRequests::failed(const NodeRequest& request) {
  begun_.erase(request.number);
  busy_.erase(request.id);
}

}  // namespace attestrd
