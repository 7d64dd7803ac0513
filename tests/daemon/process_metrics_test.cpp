#include "daemon/control/metrics/process_metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "files/posix_sync_times.h"

namespace attestrd {
namespace {

TEST(ProcessMetrics, HaveWhatTheKernelKnows) {
  Metrics metrics;
  measure_process(metrics);
  EXPECT_GT(metrics.value(Metric::process_cpu), 0);
  EXPECT_GT(metrics.value(Metric::process_resident_memory), 1e6);
  EXPECT_GE(metrics.value(Metric::process_virtual_memory),
            metrics.value(Metric::process_resident_memory));
  EXPECT_GE(metrics.value(Metric::process_open_fds), 3);
  EXPECT_GE(metrics.value(Metric::process_max_fds), metrics.value(Metric::process_open_fds));
}

TEST(ProcessMetrics, HaveTheSyncsOfTheProcess) {
  { const TimedSync timed; }
  Metrics metrics;
  measure_process(metrics);
  EXPECT_GT(metrics.histogram(Metric::sync_duration).sum, 0);
}

}  // namespace
}  // namespace attestrd
