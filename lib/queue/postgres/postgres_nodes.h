#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "queue/postgres/postgres_values.h"

namespace attestrd {

class PostgresConnection;

/// A shelf, and the epoch in which its owner has it.
struct ShelfLease {
  std::int64_t shelf = 0;
  std::int64_t epoch = 0;
};

/// The membership of one process in the fleet.
struct Membership {
  std::string node;         ///< Its name, unique in the fleet.
  std::string spool;        ///< The UUID of its spool, which lies in staging/.
  std::string instance;     ///< The UUID of this process.
  std::int64_t number = 0;  ///< Of the node, as other tables name it.
  std::vector<ShelfLease> shelves{};
};

/// A node as its row shows it.
struct NodeState {
  std::string name;
  std::string spool;
  std::string instance;
  std::int64_t beat = 0;
  bool is_alive = false;
  std::int64_t weight = 0;      ///< Its part of the rate, relative to that of others.
  std::int64_t rate_share = 0;  ///< Whole requests a second that it may make.
  std::int64_t version = 0;     ///< Of the tables, as its attestrd knows them.
  std::vector<ShelfLease> shelves{};
};

/// All nodes, in the order of their names, and whether a failover can lose commits.
struct FleetState {
  std::vector<NodeState> nodes;
  bool is_replication_synchronous = false;
  std::int64_t standbys = 0;  ///< Connected standbys; 0 too if the user may not see them.
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

/// Makes the process `instance` the one of a node, and creates the node if it is new. The former
/// instance can commit nothing from then on, and what it was committing is waited for: only after
/// this call rows may be read. All shelves of the former instance get a higher epoch and belong to
/// the new one; a node without any gets 16 new ones.
///
/// `silent` is the former instance and its beat, once the caller has watched that the beat does not
/// move; without a beat it is the caller's own former instance. Errors: `already_exists` if another
/// node has the spool, as on a cloned machine, or if the node lives and is not `silent`: the caller
/// must watch its beat then (find_node()).
Result<Membership> enter_fleet(PostgresConnection& connection, const std::string& node,
                               const std::string& spool, const std::string& instance,
                               const std::optional<FormerInstance>& silent);

/// Shows that a process lives. Returns its new beat, or nothing if it was declared dead, or another
/// process has entered as this node: it must stop to poll at once.
Result<std::optional<std::int64_t>> send_beat(PostgresConnection& connection,
                                              const std::string& node, const std::string& instance,
                                              std::int64_t weight);

/// Returns the state of a node, or nothing if there is none of this name.
Result<std::optional<NodeState>> find_node(PostgresConnection& connection, const std::string& node);

Result<FleetState> observe_fleet(PostgresConnection& connection);

/// Declares a node dead if its instance and beat are still those that were seen. Returns whether it
/// is dead now. Its shelves may be taken over then.
Result<bool> declare_dead(PostgresConnection& connection, const std::string& node,
                          const BeatSeen& seen);

/// Takes over a shelf of a dead instance for `own_instance`, which must live. What the dead
/// instance was committing is waited for. Returns the new epoch, or nothing if another node was
/// faster or the dead one lives again.
Result<std::optional<std::int64_t>> take_over_shelf(PostgresConnection& connection,
                                                    const ShelfLease& lease,
                                                    const std::string& dead_instance,
                                                    const std::string& own_instance);

/// Returns the statements that begin a transaction of a fixed form: it is durable when it is
/// committed, waits for a lock or for the client no longer than the deadline of the connection, and
/// plans its joins in the order of the arrays.
PostgresPipeline begin_transaction(const PostgresConnection& connection);

}  // namespace attestrd
