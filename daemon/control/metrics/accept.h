#pragma once

#include <cstdint>
#include <string_view>

#include "daemon/control/metrics/prometheus.h"

namespace attestrd {

/// Returns the form of the metrics that a client prefers, by its Accept field (RFC 9110, 12.5.1):
/// OpenMetrics if the field names it, in version 1.0.0 or without a version, and does not prefer
/// the text format; else the text format, also for clients that accept neither.
MetricsFormat metrics_format(std::string_view accept);

}  // namespace attestrd
