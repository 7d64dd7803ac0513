#pragma once

#include <cstdint>
#include <string>

#include "fleet/fleet_node.h"

namespace attestrd {

/// A summary of a fleet, as one of its nodes sees it.
struct FleetCounts {
  std::string node;  ///< The name of the one that reports.
  std::uint64_t alive = 0;
  std::uint64_t dead = 0;
  std::uint64_t pending = 0;         ///< Handshakes of all nodes, as their last beats said.
  std::uint64_t foreign_staged = 0;  ///< See FleetState.
};

/// Summarizes the fleet. What a dead node had counts as long as no other node has its shelves.
FleetCounts count_fleet(const FleetState& fleet, const std::string& node);

}  // namespace attestrd
