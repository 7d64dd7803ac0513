#include "fleet/fleet_counts.h"

#include <algorithm>

namespace attestrd {

FleetCounts count_fleet(const FleetState& fleet, const std::string& node) {
  FleetCounts counts{node};
  counts.foreign_staged = fleet.foreign_staged;
  for (const FleetNode& each : fleet.nodes) {
    ++(each.is_alive ? counts.alive : counts.dead);
    if (each.is_alive || !each.shelves.empty())
      counts.pending += static_cast<std::uint64_t>(std::max<std::int64_t>(each.weight, 0));
  }
  return counts;
}

}  // namespace attestrd
