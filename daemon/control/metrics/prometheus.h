#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/metrics.h"

namespace attestrd {

/// The forms in which Prometheus reads metrics.
enum class MetricsFormat : std::uint8_t {
  text,         ///< The text format, version 0.0.4.
  openmetrics,  ///< OpenMetrics, version 1.0.0.
};

/// Returns the Content-Type of a form.
std::string_view content_type_of(MetricsFormat format);

/// Returns all metrics in this form, in the order of their table. Values that are not set are left
/// out. A metric without any value is left out together with its HELP and TYPE. The samples are the
/// same in both forms.
std::string prometheus_text(const Metrics& metrics, MetricsFormat format,
                            std::string_view program_version);

}  // namespace attestrd
