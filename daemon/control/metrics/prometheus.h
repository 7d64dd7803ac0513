#pragma once

#include <string>
#include <string_view>

#include "metrics/metrics.h"

namespace attestrd {

/// Returns all metrics in the text format of Prometheus, version 0.0.4, in the order of their
/// table. Values that are not set are left out. A metric without any value is left out together
/// with its HELP and TYPE.
std::string prometheus_text(const Metrics& metrics, std::string_view program_version);

}  // namespace attestrd
