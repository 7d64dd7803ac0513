#include "admission/pace.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace attestrd {
namespace {

constexpr double kJitterShare = 0.02;
constexpr double kLongestIntervalUs = 365.0 * 24 * 3600 * 1e6;
// A timer may fire this late without a loss of rate.
constexpr Duration kTimerSlack = std::chrono::milliseconds(2);

}  // namespace

void Pace::set_rate(double requests_per_second) {
  ATTESTRD_CHECK(requests_per_second >= 0);
  const Duration interval =
      requests_per_second == 0
          ? Duration(0)
          : Duration(std::llround(
                std::min(1e6 * (1 + kJitterShare) / requests_per_second, kLongestIntervalUs)));
  // The next request waits for the new interval after the last one, not for the old one.
  if (next_ != Mono::min()) next_ += interval - interval_;
  interval_ = interval;
}

void Pace::spend(Mono now) {
  // A request that is a little late does not delay the requests after it.
  next_ = std::max(next_, now - kTimerSlack) + interval_;
}

}  // namespace attestrd
