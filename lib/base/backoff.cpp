#include "base/backoff.h"

#include <algorithm>

namespace attestrd {

Duration exponential_backoff(Duration first, Duration cap, std::uint32_t attempt) {
  // Twenty doublings take a second past any cap, and no count of microseconds past 63 bits.
  return std::min(first * (std::int64_t{1} << std::min(attempt, 20U)), cap);
}

Duration equal_jitter(Duration delay, Prng& prng) {
  const Duration half = delay / 2;
  return half + scaled(half, prng.unit());
}

}  // namespace attestrd
