#pragma once

#include <cstdint>

namespace attestrd {

/// Returns a seed for jitter from the system's random device. Not for secrets.
std::uint64_t draw_seed();

}  // namespace attestrd
