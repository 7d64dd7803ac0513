#pragma once

#include <cstdint>

namespace attestrd {

// The number of file descriptors that the process may have open: RLIMIT_NOFILE of getrlimit(2).

/// Raises the soft limit to the hard one. Many systems have a low soft limit for programs that use
/// select(2), which attestrd does not.
void raise_descriptor_limit();

/// Returns how many of the `wanted` connections the hard limit leaves room for, at least one. The
/// rest is for the files of the daemon, the inbox and the clients of the control socket.
std::uint32_t connections_within_limit(std::uint32_t wanted);

/// Returns the hard limit.
std::uint64_t descriptor_limit();

}  // namespace attestrd
