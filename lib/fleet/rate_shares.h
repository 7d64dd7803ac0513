#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fleet/fleet_node.h"

namespace attestrd {

/// Returns the requests per second that a node should get of the account's `limit`, by the weights
/// of the living nodes: a whole number, since a node spreads its requests evenly, and 16 nodes with
/// 1.25 a second each would send up to 28 in one second instead of 20.
///
/// The exact share is rounded down for some nodes and up for others, so that the sum is the limit.
/// `turn` moves on with time, and with it the nodes that get more: each has its exact share in the
/// mean, and also a node whose exact share is less than one has its turn. (Systematic sampling:
/// W. G. Cochran, Sampling Techniques, 3rd edition, chapter 8.)
std::int32_t wanted_share(std::span<const FleetNode> nodes, std::string_view self,
                          std::int32_t limit, std::uint64_t turn);

/// Returns the share that a node may have now: what it wants, as far as the others leave it. Their
/// present shares count until they have lowered them or are declared dead, so that the sum never
/// exceeds the limit. Must be decided and written in one transaction that locks the account.
std::int32_t allowed_share(std::span<const FleetNode> nodes, std::string_view self,
                           std::int32_t limit, std::int32_t wanted);

}  // namespace attestrd
