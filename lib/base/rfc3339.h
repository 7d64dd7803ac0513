#pragma once

#include <string>

#include "base/time.h"

namespace attestrd {

/// `2026-11-23T20:57:00.123456Z`: RFC 3339, UTC, microseconds.
std::string to_rfc3339(Wall time);

}  // namespace attestrd
