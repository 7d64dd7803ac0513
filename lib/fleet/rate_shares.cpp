#include "fleet/rate_shares.h"

#include <algorithm>
#include <cmath>

namespace attestrd {
namespace {

std::int64_t weight_of(const FleetNode& node) {
  return node.is_alive ? std::max<std::int64_t>(node.weight, 1) : 0;
}

/// Returns a part of `whole` that is spread evenly over the turns.
std::int64_t offset_at(std::uint64_t turn, std::int64_t whole) {
  constexpr double kGoldenRatio = 0.6180339887498949;
  const double share = std::fmod(static_cast<double>(turn) * kGoldenRatio, 1.0);
  return static_cast<std::int64_t>(share * static_cast<double>(whole));
}

}  // namespace

std::optional<double> fleet_limit(std::span<const FleetNode> nodes) {
  std::optional<double> limit;
  for (const FleetNode& node : nodes)
    if (node.is_alive && node.rate_limit)
      limit = std::min(limit.value_or(*node.rate_limit), *node.rate_limit);
  return limit;
}

std::int64_t shares_of(double limit) {
  return std::max<std::int64_t>(static_cast<std::int64_t>(limit), 1);
}

double rate_of(std::int64_t shares, double limit) {
  return static_cast<double>(shares) * std::min(limit, 1.0);
}

Duration time_of_share(double limit) {
  return scaled(std::chrono::seconds(1), 1 / std::min(limit, 1.0));
}

std::int64_t wanted_shares(std::span<const FleetNode> nodes, std::string_view self,
                           std::int64_t all, std::uint64_t turn) {
  std::int64_t before = 0;  // The weight of the living nodes whose names come before.
  std::int64_t own = 0;
  std::int64_t whole = 0;
  for (const FleetNode& node : nodes) {
    whole += weight_of(node);
    if (node.name < self) before += weight_of(node);
    if (node.name == self) own = weight_of(node);
  }
  if (own == 0) return 0;
  const std::int64_t offset = offset_at(turn, whole);
  const auto up_to = [&](std::int64_t weight) { return (all * weight + offset) / whole; };
  return up_to(before + own) - up_to(before);
}

}  // namespace attestrd
