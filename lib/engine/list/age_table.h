#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace attestrd {

/// Numbers of pending handshakes. Each one is in the row of its age and in the column of the time
/// until its next poll (`Explanation::due`).
struct AgeTable {
  /// The upper bounds of the buckets, both of ages and of times; the last bucket has none.
  static constexpr std::array<Duration, 6> kBounds = {
      std::chrono::minutes(1), std::chrono::minutes(10), std::chrono::hours(1),
      std::chrono::hours(6),   std::chrono::hours(24),   std::chrono::hours(7 * 24)};
  static constexpr std::size_t kBuckets = kBounds.size() + 1;

  struct Row {
    std::uint64_t polling = 0;  ///< A poll is in flight.
    std::uint64_t held = 0;     ///< Only an event allows a poll, such as space on the disk.
    std::uint64_t now = 0;      ///< It may be polled at once, or waits for its turn.
    std::array<std::uint64_t, kBuckets> due{};

    std::uint64_t total() const;
    Row& operator+=(const Row& other);
  };
  std::array<Row, kBuckets> rows{};

  /// Returns the bucket of an age or a time.
  static std::size_t bucket_of(Duration duration);
  AgeTable& operator+=(const AgeTable& other);
};

}  // namespace attestrd
