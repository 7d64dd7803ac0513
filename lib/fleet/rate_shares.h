#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "fleet/fleet_node.h"

namespace attestrd {

// The requests per second of the account are shared by the nodes in whole shares, since a node
// spreads its requests evenly: 16 nodes with 1.25 a second each would send up to 28 in one second
// instead of 20. A share is one request a second, or all of a limit that is less than that.

/// Returns the lowest limit of a living node, in requests per second: it holds for the whole fleet.
/// Returns nothing if no node has a limit.
std::optional<double> fleet_limit(std::span<const FleetNode> nodes);

/// Returns the number of shares of a limit; at least one.
std::int64_t shares_of(double limit);

/// Returns the requests per second that a number of shares of a limit allows.
double rate_of(std::int64_t shares, double limit);

/// Returns the time for which a node that has given up shares may still count: that in which it may
/// have sent a request for each of them.
Duration time_of_share(double limit);

/// Returns the shares that a node should get of `all`, by the weights of the living nodes.
///
/// The exact part is rounded down for some nodes and up for others, so that the sum is `all`.
/// `turn` moves on with time, and with it the nodes that get more: each has its exact part in the
/// mean, and also a node whose exact part is less than one has its turn. (Systematic sampling:
/// W. G. Cochran, Sampling Techniques, 3rd edition, chapter 8.)
std::int64_t wanted_shares(std::span<const FleetNode> nodes, std::string_view self,
                           std::int64_t all, std::uint64_t turn);

}  // namespace attestrd
