#include "fleet/account_pause.h"

#include <algorithm>

namespace attestrd {
namespace {

const FleetNode* canary_of(const FleetState& fleet) {
  const auto found = std::ranges::find(fleet.nodes, fleet.account.canary, &FleetNode::instance);
  return found == fleet.nodes.end() ? nullptr : &*found;
}

}  // namespace

std::optional<SeenPause> pause_seen_by(std::string_view self, const FleetState& fleet) {
  const auto& pause = fleet.account;
  if (pause.reason.empty()) return std::nullopt;
  SeenPause seen{pause.reason, pause.since.value_or(Wall()), "a process that is gone"};
  const auto* const canary = canary_of(fleet);
  if (canary == nullptr) return seen;
  // A dead process of this node polls nothing any more, and this one is not it.
  const bool is_own = canary->name == self && canary->is_alive;
  seen.node = is_own ? "" : canary->name;
  return seen;
}

}  // namespace attestrd
