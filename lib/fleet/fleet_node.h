#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace attestrd {

/// The random identity of one process of a node.
using InstanceId = std::array<unsigned char, 16>;

/// The group of rows that one process owns under (instance, epoch).
struct Shelf {
  std::int32_t number = 0;
  std::int64_t epoch = 0;
  bool operator==(const Shelf&) const = default;
};

/// A node of the fleet, as the database shows it.
struct FleetNode {
  std::string name;
  InstanceId instance{};
  std::int64_t beat = 0;    ///< Grows with each beat.
  bool is_alive = false;    ///< No other node has declared this instance dead.
  std::int64_t weight = 0;  ///< Of its share of the rate: its pending handshakes, at least one.
  std::int32_t share = 0;   ///< Requests per second that it may send now.
  std::vector<Shelf> shelves;
};

}  // namespace attestrd
