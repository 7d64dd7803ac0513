#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace attestrd {

// The syntax of durations and sizes in the configuration: a whole number and one unit, without a
// sign, a space or a second part. Values that overflow are refused.

/// Parses a duration: `10ms`, `2s`, `5m`, `25h` or `7d`.
std::optional<Duration> parse_duration(std::string_view text);

/// Parses a size: `16MiB`, `64KiB`, `1GiB`, or plain bytes, `4096`.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// Formats a value in the largest unit that divides it. A duration must be in whole milliseconds.
std::string format_duration(Duration duration);
std::string format_size(std::uint64_t bytes);

}  // namespace attestrd
