#include "fleet/fleet_watch.h"

namespace attestrd {
namespace {

// See Lease: the clocks of two machines run at different speeds.
constexpr double kShareOfOthers = 1.1;

// Of the lease. A longer time between two answers does not count: the database, the network or
// this machine was not there, and the others may not have been able to beat either.
constexpr double kLongestGap = 0.5;

}  // namespace

std::vector<FleetWatch::Dead> FleetWatch::observe(std::span<const FleetNode> others, Mono now) {
  const bool is_gap = last_ == Mono::min() || now - last_ > scaled(lease_, kLongestGap);
  const Duration watched = is_gap ? Duration(0) : now - last_;
  last_ = now;
  std::map<std::string, Seen> seen;
  std::vector<Dead> dead;
  for (const FleetNode& node : others) {
    if (!node.is_alive) continue;
    Seen& its = seen[node.name];
    its = {node.instance, node.beat, Duration(0)};
    const auto before = seen_.find(node.name);
    const bool is_still = before != seen_.end() && before->second.instance == node.instance &&
                          before->second.beat == node.beat;
    if (is_still) its.still = before->second.still + watched;
    if (is_gap) its.still = Duration(0);
    if (its.still >= scaled(lease_, kShareOfOthers))
      dead.push_back({node.name, node.instance, node.beat});
  }
  seen_ = std::move(seen);
  return dead;
}

std::optional<Mono> FleetWatch::next_death() const {
  std::optional<Mono> first;
  for (const auto& [name, its] : seen_) {
    const Mono death = last_ + scaled(lease_, kShareOfOthers) - its.still;
    if (!first || death < *first) first = death;
  }
  return first;
}

}  // namespace attestrd
