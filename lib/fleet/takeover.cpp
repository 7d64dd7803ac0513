#include "fleet/takeover.h"

#include <algorithm>
#include <string>

namespace attestrd {

std::vector<Takeover> takeovers(std::span<const FleetNode> nodes, std::string_view self,
                                bool takes_all) {
  std::vector<std::string_view> living;
  std::vector<Takeover> orphans;
  for (const FleetNode& node : nodes) {
    if (node.is_alive) living.push_back(node.name);
    if (node.is_alive) continue;
    for (const Shelf& shelf : node.shelves) orphans.push_back({node.instance, shelf});
  }
  std::ranges::sort(living);
  const auto own = std::ranges::find(living, self);
  if (own == living.end()) return {};
  if (takes_all) return orphans;
  std::ranges::sort(orphans, {}, [](const Takeover& orphan) { return orphan.shelf.number; });
  std::vector<Takeover> ours;
  const auto rank = static_cast<std::size_t>(own - living.begin());
  for (std::size_t i = rank; i < orphans.size(); i += living.size()) ours.push_back(orphans[i]);
  return ours;
}

}  // namespace attestrd
