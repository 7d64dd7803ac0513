#pragma once

#include <cstdint>

#include "base/prng.h"
#include "base/time.h"

namespace attestrd {

/// Returns `first` doubled `attempt` times (0: not at all), at most `cap`.
Duration exponential_backoff(Duration first, Duration cap, std::uint32_t attempt);

/// Returns half of `delay` plus a random part of the other half ("equal jitter"), so that callers
/// spread out and none retries at once.
Duration equal_jitter(Duration delay, Prng& prng);

}  // namespace attestrd
