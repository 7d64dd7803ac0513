#include "daemon/control/metrics/process_metrics.h"

#include <cstdint>
#include <optional>

#include "files/posix_process.h"
#include "files/posix_sync_times.h"

namespace attestrd {

void measure_process(Metrics& metrics) {
  const auto set = [&metrics](Metric metric, const std::optional<std::uint64_t>& value) {
    if (value) metrics.set(metric, static_cast<double>(*value));
  };
  const ProcessUsage usage = process_usage();
  metrics.add(Metric::process_cpu, {}, usage.cpu_s);
  set(Metric::process_open_fds, usage.open_descriptors);
  set(Metric::process_max_fds, usage.most_descriptors);
  set(Metric::process_virtual_memory, usage.virtual_bytes);
  set(Metric::process_virtual_memory_max, usage.most_virtual_bytes);
  set(Metric::process_resident_memory, usage.resident_bytes);
  const SyncTimes syncs = sync_times();
  metrics.add_observations(Metric::sync_duration, syncs.counts, syncs.sum_s);
}

}  // namespace attestrd
