#include "daemon/control/metrics/report_metrics.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include "daemon/version.h"

namespace attestrd {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Sets gauges to the values of a report.
class Gauges {
 public:
  explicit Gauges(Metrics& metrics) : metrics_(metrics) {}

  void set_daemon(const StatusReport::Daemon& daemon);
  void set_handshakes(const StatusReport& report);
  void set_limits(const StatusReport::Daemon& daemon);
  void set_disk(const StatusReport& report, const StatusReport::Daemon& daemon);

 private:
  void set(Metric metric, auto value, std::string_view label_value = {}) {
    metrics_.set(metric, static_cast<double>(value), label_value);
  }
  void set_time(Metric metric, const std::optional<Wall>& time) {
    if (time) set(metric, seconds(time->time_since_epoch()));
  }

  Metrics& metrics_;
};

void Gauges::set_daemon(const StatusReport::Daemon& daemon) {
  set(Metric::build_info, 1, kProgramVersion);
  set_time(Metric::start_time, daemon.started_at);
  set_time(Metric::process_start_time, daemon.started_at);
  set(Metric::signatures_failing, daemon.signatures_fail ? 1 : 0);
  set(Metric::config_reload_successful, daemon.config_refused ? 0 : 1);
  set_time(Metric::config_reload, daemon.config_accepted_at);
  set_time(Metric::last_successful_poll, daemon.last_successful_poll);
  // Whole seconds: a Date has no fractions.
  if (const auto& difference = daemon.clock_difference)
    set(Metric::clock_difference, std::chrono::round<std::chrono::seconds>(*difference).count());
}

void Gauges::set_handshakes(const StatusReport& report) {
  set(Metric::handshakes, report.handshakes.pending, "pending");
  set(Metric::handshakes, report.handshakes.in_flight, "in_flight");
  set(Metric::handshakes, report.handshakes.settling, "settling");
  set(Metric::handshakes_held, report.handshakes.held);
  set_time(Metric::oldest_pending, report.oldest_pending);
  const Duration age = report.now - report.oldest_pending.value_or(report.now);
  set(Metric::oldest_pending_age, seconds(std::max(age, Duration(0))));
}

void Gauges::set_limits(const StatusReport::Daemon& daemon) {
  set(Metric::due_lag, seconds(daemon.due_lag));
  set(Metric::polling_paused, daemon.operator_pause ? 1 : 0);
  if (daemon.pause) set(Metric::account_paused, 1, daemon.pause->reason);
  set(Metric::rate_limit, daemon.rate.configured, "configured");
  set(Metric::rate_limit, daemon.rate.effective, "effective");
  set(Metric::requests_today, daemon.spent_today, "spent");
  set(Metric::requests_today, daemon.requests_today ? daemon.requests_today->limit : 0, "limit");
}

void Gauges::set_disk(const StatusReport& report, const StatusReport::Daemon& daemon) {
  if (const auto& files = report.inbox) {
    set(Metric::inbox_files, files->unclaimed);
    set(Metric::inbox_claimed_files, files->claimed);
  }
  set(Metric::disk_full, daemon.disk_full ? 1 : 0);
  set(Metric::disk_round, seconds(daemon.disk_round));
}

}  // namespace

Metrics metrics_of(const StatusReport& report) {
  const auto daemon = report.daemon.value_or(StatusReport::Daemon{});
  Metrics metrics = daemon.counters;
  Gauges gauges(metrics);
  gauges.set_daemon(daemon);
  gauges.set_handshakes(report);
  gauges.set_limits(daemon);
  gauges.set_disk(report, daemon);
  return metrics;
}

std::string status_metrics(const StatusReport& report, MetricsFormat format) {
  return prometheus_text(metrics_of(report), format, kVersion);
}

}  // namespace attestrd
