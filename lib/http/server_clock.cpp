#include "http/server_clock.h"

#include <chrono>
#include <utility>

#include "base/limits.h"
#include "http/http_date.h"

namespace attestrd {

bool ServerClock::compare(std::string_view date, Now now) {
  if (now.mono < next_) return false;
  const auto answered = read_http_date(date, now.wall);
  if (!answered) return false;
  const Duration difference = *answered - now.wall;
  const bool is_far = std::chrono::abs(difference) > limits::kClockDifference;
  if (is_far && !std::exchange(was_far_, true)) return false;  // The next answer is compared too.
  next_ = now.mono + limits::kClockCompareInterval;
  difference_ = difference;
  was_far_ = is_far;
  if (is_far) return !std::exchange(is_warned_, true);
  is_warned_ = false;
  return false;
}

}  // namespace attestrd
