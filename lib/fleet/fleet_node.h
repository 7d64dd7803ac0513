#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "fleet/node_request.h"
#include "fleet/queue_loss.h"

namespace attestrd {

/// A shelf, the group of rows that one process owns, and the epoch in which it owns it.
struct ShelfLease {
  std::int64_t shelf = 0;
  std::int64_t epoch = 0;
  bool operator==(const ShelfLease&) const = default;
};

/// A node of the fleet, as the database shows it.
struct FleetNode {
  std::string name;
  std::string spool;        ///< The UUID of its spool.
  std::string instance;     ///< The UUID of its process: each start has another one.
  std::int64_t beat = 0;    ///< Grows with each beat.
  bool is_alive = false;    ///< No other node has declared this instance dead, and it has not left.
  std::int64_t weight = 0;  ///< Of its share of the rate: its pending handshakes, at least one.
  std::int64_t share = 0;   ///< Requests per second that it may send: see rate_shares.h.
  /// Requests per second that its own configuration allows; nothing: no limit.
  std::optional<double> rate_limit{};
  std::int64_t version = 0;  ///< Of the tables, as its attestrd knows them.
  std::string boot{};        ///< The boot of its machine.
  std::vector<ShelfLease> shelves{};
};

/// A shelf whose owner is not the present process of any node, because a failover of the database
/// has lost what its owner committed.
struct OrphanShelf {
  std::string instance;  ///< Its owner.
  ShelfLease shelf;
  bool operator==(const OrphanShelf&) const = default;
};

/// A pause of the account that holds for the whole fleet, as the database shows it.
struct AccountPause {
  std::int64_t number = 0;      ///< Grows with each change.
  std::string reason{};         ///< The name of its reason; empty: there is none.
  std::string canary{};         ///< The instance that polls the canary.
  std::optional<Wall> since{};  ///< By the clock of the database.
  bool operator==(const AccountPause&) const = default;
};

/// All nodes, and what they share.
struct FleetState {
  std::vector<FleetNode> nodes;  ///< In the order of their names.
  std::vector<OrphanShelf> orphans{};
  std::vector<NodeRequest> requests{};  ///< For handshakes of the node that has sent the beat.
  AccountPause account{};
  std::optional<Wall> paused_since{};  ///< The pause of an operator, which holds for all nodes.
  std::uint64_t minute = 0;  ///< By the clock of the database. It chooses who rounds a share up.
  std::uint64_t foreign_staged = 0;  ///< Records on their way in spools of no living node.
  bool is_replication_synchronous = false;
  QueueLoss loss{};           ///< Of this node.
  std::int64_t standbys = 0;  ///< Connected standbys; 0 too if the user may not see them.
};

}  // namespace attestrd
