#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "fleet/fleet_node.h"
#include "fleet/fleet_register.h"
#include "queue/postgres/postgres_values.h"

namespace attestrd {

class PostgresConnection;

/// A process of a node.
struct NodeProcess {
  std::string node;      ///< Its name, unique in the fleet.
  std::string spool;     ///< The UUID of its spool, which lies in staging/.
  std::string instance;  ///< The UUID of this process.
  std::string boot;      ///< The boot of its machine.
  /// The highest epoch that an earlier process of this program has had: new ones are above it.
  std::int64_t claimed = 0;
};

/// The membership of one process in the fleet.
struct Membership : NodeProcess {
  std::int64_t number = 0;  ///< Of the node, as other tables name it.
  std::int64_t round = 0;   ///< Of its writer at the entry: it grows with each commit.
  std::vector<ShelfLease> shelves{};
};

/// An instance and its beat as it was seen. A node whose beat has not moved for the time of a
/// lease, measured by the clock of the watching process, may be declared dead.
struct BeatSeen {
  std::string instance;
  std::int64_t beat = 0;
};

/// The instance that a new one replaces, and its beat; nothing: whatever its beat is.
struct FormerInstance {
  std::string instance;
  std::optional<std::int64_t> beat;
};

// The life of nodes and the ownership of shelves. Each call is one transaction, which may be tried
// again after `unavailable`: it then has the effect of one. The wall clock of no machine decides.

/// Returns a new UUID for an instance.
Result<std::string> new_instance(PostgresConnection& connection);

/// Makes a process the one of its node, and creates the node if it is new. The former instance can
/// commit nothing from then on, and what it was committing is waited for: only after this call rows
/// may be read. All shelves of the node get a higher epoch and belong to the new instance; a node
/// without any gets 16 new ones.
///
/// `silent` is the former instance and its beat, once the caller has watched that the beat does not
/// move; without a beat it is known to be dead, whatever its beat is. Errors: `already_exists` if
/// another node has the spool, as on a cloned machine, or if the node lives and is not `silent`:
/// the caller must watch its beat then (find_node()).
Result<Membership> enter_fleet(PostgresConnection& connection, const NodeProcess& process,
                               const std::optional<FormerInstance>& silent);

/// Ends the life of a process that polls nothing any more: others may take its shelves over at
/// once.
Result<void> leave_fleet(PostgresConnection& connection, const std::string& node,
                         const std::string& instance);

/// Shows that a process lives. Returns the fleet after its beat, or nothing if it was declared
/// dead, or another process has entered as this node: it must stop to poll at once.
Result<std::optional<FleetState>> send_beat(PostgresConnection& connection, const std::string& node,
                                            const std::string& instance, const Beat& beat);

/// Sets the shares of the rate that a process has (fleet/rate_shares.h) to `wanted`, or to as many
/// of `all` as the other living nodes leave: theirs count until they have given them up. Returns
/// the shares that it has now; none if it is not the living process of its node.
Result<std::int64_t> set_shares(PostgresConnection& connection, const std::string& node,
                                const std::string& instance, std::int64_t wanted, std::int64_t all);

/// Returns the state of a node, or nothing if there is none of this name.
Result<std::optional<FleetNode>> find_node(PostgresConnection& connection, const std::string& node);

Result<FleetState> observe_fleet(PostgresConnection& connection);

/// Declares a node dead if its instance and beat are still those that were seen. Returns whether it
/// is dead now. Its shelves may be taken over then.
Result<bool> declare_dead(PostgresConnection& connection, const std::string& node,
                          const BeatSeen& seen);

/// Takes over a shelf whose owner does not live for the process `own`, which must live. What the
/// owner was committing is waited for. The new epoch is higher than the one before, and than
/// `claimed`, the highest that this process has had: after a failover of the database that has lost
/// commits, an epoch must not come again. Returns it, or nothing if another node was faster or the
/// owner lives again.
Result<std::optional<std::int64_t>> take_over_shelf(PostgresConnection& connection,
                                                    const OrphanShelf& orphan,
                                                    const Membership& own, std::int64_t claimed);

/// Returns the statements that begin a transaction of a fixed form: it is durable when it is
/// committed, waits for a lock or for the client no longer than the deadline of the connection, and
/// plans its joins in the order of the arrays.
PostgresPipeline begin_transaction(const PostgresConnection& connection);

}  // namespace attestrd
