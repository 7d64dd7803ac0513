#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace attestrd {

/// Returns the delay that Retry-After (RFC 9110, 10.2.3) demands: delta-seconds, also with a
/// fraction, which is rounded up; an HTTP-date in any of the three forms; or a unix time, which
/// some servers send: a number of seconds from 10^9. A time is taken relative to the answer's own
/// Date (or to `now` if it has none). Returns nothing if the field is absent or malformed, and zero
/// if the time has passed. The delay is not capped here, but numbers from 2^31 count as a delay of
/// 2^31 (as RFC 9111, 1.2.2, demands), so that any clock can add them.
std::optional<Duration> read_retry_after(std::string_view retry_after, std::string_view date,
                                         Wall now);

}  // namespace attestrd
