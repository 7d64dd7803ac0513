#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "fleet/fleet_node.h"

namespace attestrd {

/// The judgement of which other nodes are dead. A node is dead once its beat has not changed for
/// 1.1 of the lease by the clock of this node, while the database could be reached all the time:
/// otherwise the first node that reaches the database after an outage would declare all others
/// dead. No wall clock takes part, neither that of a machine nor that of the database.
class FleetWatch {
 public:
  /// The instance of a node that is to be declared dead, provided that its beat is still this one.
  struct Dead {
    std::string name;
    std::string instance;
    std::int64_t beat = 0;
    bool operator==(const Dead&) const = default;
  };

  /// `lease` is the same in all nodes.
  explicit FleetWatch(Duration lease) : lease_(lease) {}

  /// Takes the other nodes as a query has returned them. `now` is the time of its answer: a node
  /// that beats afterwards is judged too late, never too early. Returns the dead.
  std::vector<Dead> observe(std::span<const FleetNode> others, Mono now);

  /// Returns when the first of the nodes will be dead if it stays silent, or nothing if no other
  /// node lives.
  std::optional<Mono> next_death() const;

 private:
  struct Seen {
    std::string instance;
    std::int64_t beat = 0;
    Duration still{0};  ///< For how long the beat has not changed, as far as it was watched.
  };

  Duration lease_;
  std::map<std::string, Seen> seen_;  ///< By name; only of nodes that are alive.
  Mono last_ = Mono::min();           ///< Of the last observe().
};

}  // namespace attestrd
