#include "daemon/control/status.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <string_view>

#include "daemon/control/plain_words.h"
#include "base/rfc3339.h"
#include "daemon/version.h"

namespace attestrd {
namespace {

namespace json = boost::json;

json::value json_time(const std::optional<Wall>& time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

json::value json_pause(const std::optional<StatusReport::Pause>& pause) {
  if (!pause) return nullptr;
  return json::object{{"reason", pause->reason},
                      {"since", to_rfc3339(pause->since)},
                      {"next_canary", to_rfc3339(pause->next_canary)}};
}

json::value json_requests(const std::optional<StatusReport::Requests>& requests) {
  if (!requests) return nullptr;
  return json::object{{"spent", requests->spent},
                      {"limit", requests->limit},
                      {"kept_for_last_polls", requests->kept},
                      {"is_spent", requests->is_spent},
                      {"next_day", to_rfc3339(requests->next_day)}};
}

json::object json_totals(const StatusReport::Totals& totals) {
  return {{"polls", totals.polls},   {"completed", totals.completed}, {"archived", totals.archived},
          {"failed", totals.failed}, {"rejected", totals.rejected},   {"refused", totals.refused}};
}

void add_requests(TextRows& rows, const StatusReport::Requests& requests, Wall now) {
  const auto wait =
      fmt::format("; all but last polls wait for the next day, {}", ahead(requests.next_day, now));
  rows.add("requests today", fmt::format("{} of {}{}", requests.spent, requests.limit,
                                         requests.is_spent ? wait : ""));
}

void add_daemon(TextRows& rows, const StatusReport::Daemon& daemon, Wall now) {
  rows.add("next poll", daemon.next_due ? ahead(*daemon.next_due, now) : "none");
  rows.add("last good answer", ago(daemon.last_successful_poll, now));
  const auto& pause = daemon.pause;
  rows.add("account",
           !pause ? "ok"
                  : fmt::format("paused for {} ({}), asks again {}", rough(now - pause->since),
                                pause->reason, ahead(pause->next_canary, now)));
  if (const auto& requests = daemon.requests_today) add_requests(rows, *requests, now);
  rows.add("disk", daemon.disk_full ? "FULL: nothing is fetched until there is room" : "ok");
  rows.line("since the start:");
  rows.add("  polls", daemon.totals.polls);
  rows.add("  completed", daemon.totals.completed);
  rows.add("  archived (lost)", daemon.totals.archived);
  rows.add("  failed", daemon.totals.failed);
  rows.add("  rejected", daemon.totals.rejected);
  rows.add("  refused submissions", daemon.totals.refused);
}

/// The metrics of one name: their HELP and TYPE lines, then a line for each value.
class MetricFamilies {
 public:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void add(std::string_view labels, std::uint64_t value) {
    text_ += fmt::format("{}{} {}\n", name_, labels, value);
  }
  void add(Wall value) {
    const auto seconds = std::chrono::duration<double>(value.time_since_epoch()).count();
    text_ += fmt::format("{} {:.3f}\n", name_, seconds);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string_view name_;
  std::string text_;
};

void add_totals(MetricFamilies& metrics, const StatusReport::Totals& totals) {
  metrics.begin("attestrd_polls_total", "counter", "Polls that were sent to Attestr.");
  metrics.add("", totals.polls);
  metrics.begin("attestrd_handshakes_ended_total", "counter", "Handshakes that ended, by outcome.");
  metrics.add("{outcome=\"completed\"}", totals.completed);
  metrics.add("{outcome=\"archived\"}", totals.archived);
  metrics.add("{outcome=\"failed\"}", totals.failed);
  metrics.add("{outcome=\"rejected\"}", totals.rejected);
  metrics.begin("attestrd_submissions_refused_total", "counter",
                "Files and lines of the inbox that were refused.");
  metrics.add("", totals.refused);
}

}  // namespace

std::string status_json(const StatusReport& report) {
  json::object object{{"daemon", report.daemon ? "running" : "not running"},
                      {"version", kVersion},
                      {"time", to_rfc3339(report.now)},
                      {"pending", report.handshakes.pending},
                      {"in_flight", report.handshakes.in_flight},
                      {"settling", report.handshakes.settling},
                      {"oldest_pending", json_time(report.oldest_pending)}};
  if (const auto& daemon = report.daemon) {
    object["pid"] = daemon->pid;
    object["started_at"] = to_rfc3339(daemon->started_at);
    object["next_due"] = json_time(daemon->next_due);
    object["last_successful_poll"] = json_time(daemon->last_successful_poll);
    object["account_pause"] = json_pause(daemon->pause);
    object["requests_today"] = json_requests(daemon->requests_today);
    object["disk_full"] = daemon->disk_full;
    object["totals"] = json_totals(daemon->totals);
  }
  return json::serialize(object) + '\n';
}

std::string status_text(const StatusReport& report) {
  TextRows rows;
  const auto& daemon = report.daemon;
  rows.add("attestrd", !daemon ? "not running"
                               : fmt::format("{}, running for {}, pid {}", kVersion,
                                             rough(report.now - daemon->started_at), daemon->pid));
  rows.add("pending", report.handshakes.pending);
  if (daemon) rows.add("in flight", report.handshakes.in_flight);
  rows.add("settling", report.handshakes.settling);
  if (report.oldest_pending) {
    rows.add("oldest pending", "submitted " + ago(report.oldest_pending, report.now));
  }
  if (daemon) add_daemon(rows, *daemon, report.now);
  return rows.take();
}

std::string status_metrics(const StatusReport& report) {
  const auto daemon = report.daemon.value_or(StatusReport::Daemon{});
  MetricFamilies metrics;
  metrics.begin("attestrd_build_info", "gauge", "Always 1; the version stands in the label.");
  metrics.add(fmt::format("{{version=\"{}\"}}", kVersion), 1);
  metrics.begin("attestrd_start_time_seconds", "gauge", "When the daemon started, in unix time.");
  metrics.add(daemon.started_at);
  metrics.begin("attestrd_handshakes", "gauge", "Handshakes in the queue, by state.");
  metrics.add("{state=\"pending\"}", report.handshakes.pending);
  metrics.add("{state=\"in_flight\"}", report.handshakes.in_flight);
  metrics.add("{state=\"settling\"}", report.handshakes.settling);
  add_totals(metrics, daemon.totals);
  metrics.begin("attestrd_account_paused", "gauge",
                "1 while the account's trouble stops all polls.");
  metrics.add("", daemon.pause ? 1 : 0);
  if (const auto& requests = daemon.requests_today) {
    metrics.begin("attestrd_requests_today", "gauge", "Requests of the day, by what they are.");
    metrics.add("{of=\"spent\"}", requests->spent);
    metrics.add("{of=\"limit\"}", requests->limit);
  }
  metrics.begin("attestrd_disk_full", "gauge", "1 while a full disk stops all polls.");
  metrics.add("", daemon.disk_full ? 1 : 0);
  if (report.oldest_pending) {
    metrics.begin("attestrd_oldest_pending_submitted_seconds", "gauge",
                  "When the oldest pending handshake was submitted, in unix time.");
    metrics.add(*report.oldest_pending);
  }
  if (daemon.last_successful_poll) {
    metrics.begin("attestrd_last_successful_poll_seconds", "gauge",
                  "When Attestr last gave a good answer, in unix time.");
    metrics.add(*daemon.last_successful_poll);
  }
  return metrics.take();
}

}  // namespace attestrd
