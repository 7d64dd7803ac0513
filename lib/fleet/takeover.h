#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "fleet/fleet_node.h"

namespace attestrd {

/// A shelf of a dead instance, to be taken over under its present owner and epoch.
struct Takeover {
  InstanceId dead{};
  Shelf shelf;
  bool operator==(const Takeover&) const = default;
};

/// Returns the shelves of dead nodes that this node is to take over now. The shelves are dealt to
/// the living in the order of names, so that each gets an equal share, and none waits for another.
/// With `takes_all`, it takes those of others too: they have had the time for it, and may be
/// unable to. `nodes` are all nodes, this one among them.
std::vector<Takeover> takeovers(std::span<const FleetNode> nodes, std::string_view self,
                                bool takes_all);

}  // namespace attestrd
