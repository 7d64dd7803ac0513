#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace attestrd {

enum class TimePrecision : std::uint8_t { milliseconds, microseconds };

/// Appends `time` in UTC as RFC 3339 has it, e.g. `2026-11-23T20:57:00.123456Z`; what the precision
/// can't show is cut off.
void append_rfc3339(std::string& out, Wall time, TimePrecision precision);

/// The same as a text of its own, to the microsecond.
std::string to_rfc3339(Wall time);

}  // namespace attestrd
