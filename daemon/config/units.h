#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace attestrd {

// How durations and sizes are written in the configuration: a whole number and one unit, no sign,
// no space, no second part. What overflows is no number.

/// `10ms`, `2s`, `5m`, `25h` or `7d`.
std::optional<Duration> parse_duration(std::string_view text);

/// `16MiB`, `64KiB`, `1GiB`, or plain bytes: `4096`.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The same the other way round, in the largest unit that divides it; a duration in whole ms.
std::string format_duration(Duration duration);
std::string format_size(std::uint64_t bytes);

}  // namespace attestrd
