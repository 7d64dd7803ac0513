#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "fleet/account_pause.h"
#include "fleet/fleet_node.h"
#include "fleet/fleet_watch.h"
#include "fleet/takeover.h"

namespace attestrd {

/// The data that a node writes into its row with each beat, for the others.
struct Beat {
  std::int64_t weight = 0;              ///< See FleetNode.
  std::optional<double> rate_limit{};   ///< See FleetNode.
  std::optional<std::int64_t> daily{};  ///< Requests of a day that its own configuration allows.
  PauseWish account{};
};

/// The interface to the table of nodes and shelves in the database that a fleet shares, for one
/// node. Each call is one transaction, which may be tried again after `unavailable`. One thread at
/// a time may use it, another one than that of the queue: a beat must not wait for a commit.
class FleetRegister {
 public:
  virtual ~FleetRegister() = default;

  /// Shows that this process lives. Returns the fleet after the beat, or nothing if the process was
  /// declared dead: it must not poll before it has entered anew.
  virtual Result<std::optional<FleetState>> beat(const Beat& beat) = 0;

  /// Declares another node dead if its beat is still the one that was seen. Returns whether it is
  /// dead now.
  virtual Result<bool> declare_dead(const FleetWatch::Dead& node) = 0;

  /// Takes over a shelf. Returns false if another node was faster, or the owner lives again.
  virtual Result<bool> take_over(const Takeover& shelf) = 0;

  /// Sets the shares of the rate that this node has (rate_shares.h) to `wanted`, or to as many of
  /// `all` as the other living nodes leave: theirs count until they have given them up. Returns the
  /// shares that it has now.
  virtual Result<std::int64_t> set_shares(std::int64_t wanted, std::int64_t all) = 0;

  /// Ends the life of this process, which polls nothing any more: others may take its shelves over
  /// at once.
  virtual Result<void> leave() = 0;
};

}  // namespace attestrd
