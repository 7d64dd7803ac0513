#pragma once

#include "base/time.h"

namespace attestrd {

/// Reads both clocks of the system: CLOCK_BOOTTIME, which continues during a suspend, and
/// CLOCK_REALTIME.
Now read_clocks();

}  // namespace attestrd
