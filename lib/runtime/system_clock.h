#pragma once

#include <string>

#include "base/time.h"

namespace attestrd {

/// Reads both clocks of the system: CLOCK_BOOTTIME, which continues during a suspend, and
/// CLOCK_REALTIME.
Now read_clocks();

/// Returns the kernel's name of the current boot, which no other boot has, or an empty text if it
/// is unknown. Where the kernel's file is hidden (systemd's ProcSubset=pid), the environment
/// variable ATTESTRD_BOOT_ID must have it (systemd's %b).
std::string read_boot_id();

}  // namespace attestrd
