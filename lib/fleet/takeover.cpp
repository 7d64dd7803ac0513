#include "fleet/takeover.h"

#include <algorithm>
#include <string>

namespace attestrd {

std::vector<Takeover> takeovers(const FleetState& fleet, std::string_view self, bool takes_all) {
  std::vector<std::string_view> living;
  std::vector<Takeover> orphans = fleet.orphans;
  for (const FleetNode& node : fleet.nodes) {
    if (node.is_alive) living.push_back(node.name);
    if (node.is_alive) continue;
    for (const ShelfLease& shelf : node.shelves) orphans.push_back({node.instance, shelf});
  }
  std::ranges::sort(living);
  const auto own = std::ranges::find(living, self);
  if (own == living.end()) return {};
  const auto rank = own - living.begin();
  const auto count = static_cast<std::ptrdiff_t>(living.size());
  std::erase_if(orphans, [&](const Takeover& orphan) {
    return !takes_all && orphan.shelf.shelf % count != rank;
  });
  return orphans;
}

}  // namespace attestrd
