#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace attestrd {

enum class TimePrecision : std::uint8_t { milliseconds, microseconds };

/// Appends `time` in UTC in the format of RFC 3339, e.g. `2026-11-23T20:57:00.123456Z`. Digits
/// beyond the precision are cut off.
void append_rfc3339(std::string& out, Wall time, TimePrecision precision);

/// Returns the same as a string, with microseconds.
std::string to_rfc3339(Wall time);

/// Reads a time exactly as append_rfc3339() writes it with milliseconds, or returns nothing.
std::optional<Wall> parse_rfc3339_ms(std::string_view text);

}  // namespace attestrd
