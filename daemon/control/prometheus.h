#pragma once

#include <string>
#include <string_view>

#include "metrics/metrics.h"

namespace attestrd {

/// All metrics in the text format of Prometheus, version 0.0.4, in the order of their table. What
/// is absent is left out, with its HELP and TYPE if the whole metric is.
std::string prometheus_text(const Metrics& metrics, std::string_view program_version);

}  // namespace attestrd
