#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "fleet/fleet_node.h"
#include "fleet/fleet_watch.h"
#include "fleet/lease.h"
#include "fleet/takeover.h"

namespace attestrd {

/// The answer of the database to one beat of this node.
struct BeatAnswer {
  Mono sent_at{};
  Mono answered_at{};
  bool is_mine = false;  ///< The database still has this process as the node's instance.
  FleetState fleet;      ///< After the beat.
};

/// The part of this node in the fleet: what it does after each beat. The caller sends the beats,
/// and carries out the decisions in the database, whose conditions reject what is not true any
/// more.
class FleetMember {
 public:
  struct Decision {
    bool must_begin_anew = false;  ///< Others have its shelves: it drops all that it polls.
    std::vector<FleetWatch::Dead> dead;
    std::vector<Takeover> takeovers;
  };

  FleetMember(std::string name, Duration lease)
      : name_(std::move(name)), lease_length_(lease), lease_(lease), watch_(lease) {}

  /// Decides what follows from a beat that was answered. A beat without an answer decides nothing:
  /// the lease ends by itself.
  Decision beaten(const BeatAnswer& answer);

  /// The right of this node to poll its handshakes.
  const Lease& lease() const { return lease_; }

  /// Returns when the next beat is to be sent, given when the last one was. A node that is silent
  /// is judged as soon as it may be, and the beat after its death is early, too: with it the
  /// takeover of its shelves begins.
  Mono next_beat(Mono last) const;

 private:
  bool have_orphans_waited(const FleetState& fleet, Mono now);

  std::string name_;
  Duration lease_length_;
  Lease lease_;
  FleetWatch watch_;
  std::map<std::string, Mono> orphaned_at_;  ///< Dead instances with shelves, when first seen so.
};

}  // namespace attestrd
