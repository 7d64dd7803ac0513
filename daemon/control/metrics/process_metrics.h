#pragma once

#include "metrics/metrics.h"

namespace attestrd {

/// Adds the CPU time and the syncs of this process, and sets the gauges of what it uses. Waits for
/// no disk.
void measure_process(Metrics& metrics);

}  // namespace attestrd
