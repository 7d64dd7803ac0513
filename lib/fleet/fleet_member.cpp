#include "fleet/fleet_member.h"

#include <algorithm>

namespace attestrd {
namespace {

// The greatest number of early beats in the interval of regular ones. It bounds them while answers
// do not come, or still show the silent node as alive.
constexpr int kEarlyBeats = 10;

}  // namespace

FleetMember::Decision FleetMember::beaten(const BeatAnswer& answer) {
  if (!answer.is_mine) {
    lease_.lost();
    return {true, {}, {}};
  }
  lease_.renewed(answer.sent_at);
  std::vector<FleetNode> others;
  for (const FleetNode& node : answer.fleet.nodes)
    if (node.name != name_) others.push_back(node);
  Decision decision;
  decision.dead = watch_.observe(others, answer.answered_at);
  const bool takes_all = have_orphans_waited(answer.fleet, answer.answered_at);
  decision.takeovers = takeovers(answer.fleet, name_, takes_all);
  return decision;
}

Mono FleetMember::next_beat(Mono last) const {
  const Mono regular = last + lease_.beat_interval();
  const auto death = watch_.next_death();
  if (!death || *death >= regular) return regular;
  return std::max(*death, last + lease_.beat_interval() / kEarlyBeats);
}

/// Returns whether shelves without a living owner have waited for a new one for a lease: one of the
/// living can't take its part.
bool FleetMember::have_orphans_waited(const FleetState& fleet, Mono now) {
  std::map<std::string, Mono> orphaned_at;
  bool have_waited = false;
  const auto note = [&](const std::string& instance) {
    const auto before = orphaned_at_.find(instance);
    const Mono since = before == orphaned_at_.end() ? now : before->second;
    orphaned_at.emplace(instance, since);
    have_waited |= now - since >= lease_length_;
  };
  for (const FleetNode& node : fleet.nodes)
    if (!node.is_alive && !node.shelves.empty()) note(node.instance);
  for (const OrphanShelf& orphan : fleet.orphans) note(orphan.instance);
  orphaned_at_ = std::move(orphaned_at);
  return have_waited;
}

}  // namespace attestrd
