#pragma once

#include <string>

#include "daemon/control/metrics/prometheus.h"
#include "daemon/control/status.h"
#include "metrics/metrics.h"

namespace attestrd {

/// Returns the metrics of a running daemon: those that the report has counted or set already, and
/// the gauges that follow from the rest of the report.
Metrics metrics_of(const StatusReport& report);

/// Returns these metrics in a form that Prometheus reads.
std::string status_metrics(const StatusReport& report, MetricsFormat format = MetricsFormat::text);

}  // namespace attestrd
