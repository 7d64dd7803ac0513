#pragma once

#include <string_view>
#include <vector>

#include "fleet/fleet_node.h"

namespace attestrd {

/// A shelf to be taken over from its present owner, whose process is dead.
using Takeover = OrphanShelf;

/// Returns the shelves without a living owner that this node is to take over now. The living share
/// them by the numbers of the shelves, so that each gets about as many, and none waits for another.
/// With `takes_all`, it takes those of others too: they have had the time for it, and may be
/// unable to.
std::vector<Takeover> takeovers(const FleetState& fleet, std::string_view self, bool takes_all);

}  // namespace attestrd
