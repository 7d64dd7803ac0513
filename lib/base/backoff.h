#pragma once

#include <cstdint>

#include "base/prng.h"
#include "base/time.h"

namespace attestrd {

/// `first` doubled `attempt` times (0: not at all), at most `cap`.
Duration exponential_backoff(Duration first, Duration cap, std::uint32_t attempt);

/// Half of `delay` plus a random part of the other half ("equal jitter"): callers spread out, and
/// none retries at once.
Duration equal_jitter(Duration delay, Prng& prng);

}  // namespace attestrd
