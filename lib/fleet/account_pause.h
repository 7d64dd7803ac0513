#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "fleet/fleet_node.h"

namespace attestrd {

/// The pause of the account that a node wishes for the fleet. Its next beat brings it about, if the
/// pause in the database still has the number that the node has seen:
///  - with a reason, the fleet is paused for it, and this node polls the canary, unless another
///    living node does so;
///  - without one, a pause in which this node polls the canary ends.
struct PauseWish {
  std::int64_t seen = -1;  ///< AccountPause::number; -1: none was seen, and nothing changes.
  std::string reason{};
};

/// The pause of the account as one node sees it.
struct SeenPause {
  std::string reason;
  Wall since{};
  std::string node;  ///< Which polls the canary; empty: the seeing one.
};

/// Returns the pause as the node `self` sees it, or nothing if there is none.
std::optional<SeenPause> pause_seen_by(std::string_view self, const FleetState& fleet);

}  // namespace attestrd
