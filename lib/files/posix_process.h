#pragma once

#include <cstdint>
#include <optional>

namespace attestrd {

/// The resources that this process uses, as the kernel counts them. A value is absent where the
/// kernel does not give it, e.g. the open descriptors while no further one is free.
struct ProcessUsage {
  double cpu_s = 0;  ///< User and system time of all threads.
  std::optional<std::uint64_t> open_descriptors;
  std::optional<std::uint64_t> most_descriptors;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> most_virtual_bytes;  ///< Absent: no limit.
  std::optional<std::uint64_t> resident_bytes;
};

/// Reads the usage from the kernel alone: it never waits for a disk.
ProcessUsage process_usage();

}  // namespace attestrd
