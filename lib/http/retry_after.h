#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace attestrd {

/// How long Retry-After (RFC 9110, 10.2.3) tells to wait: delta-seconds, or an HTTP-date in any of
/// the three forms, taken against the answer's own Date (`now` when it has none). Nothing when
/// absent or malformed; zero when the date has passed. Not capped here, but delta-seconds beyond
/// 2^31 count as 2^31 (as RFC 9111, 1.2.2, has it), so that any clock can add them.
std::optional<Duration> read_retry_after(std::string_view retry_after, std::string_view date,
                                         Wall now);

}  // namespace attestrd
