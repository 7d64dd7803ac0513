#include "daemon/control/status.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "base/rfc3339.h"
#include "daemon/control/hold.h"
#include "daemon/control/plain_words.h"
#include "daemon/version.h"

namespace attestrd {
namespace {

namespace json = boost::json;

json::value json_time(const std::optional<Wall>& time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

json::value json_pause(const std::optional<StatusReport::Pause>& pause) {
  if (!pause) return nullptr;
  json::object object{{"reason", pause->reason},
                      {"since", to_rfc3339(pause->since)},
                      {"next_canary", json_time(pause->next_canary)}};
  if (!pause->node.empty()) object["node"] = pause->node;
  return object;
}

/// Returns a number without an exponent, if it is a whole one.
json::value json_number(double number) {
  if (number != std::trunc(number)) return number;
  return static_cast<std::int64_t>(number);
}

json::value json_rate(const StatusReport::Rate& rate) {
  return json::object{{"configured", json_number(rate.configured)},
                      {"effective", json_number(rate.effective)},
                      {"held_until", json_time(rate.held_until)}};
}

json::value json_requests(const std::optional<StatusReport::Requests>& requests) {
  if (!requests) return nullptr;
  return json::object{{"spent", requests->spent},
                      {"limit", requests->limit},
                      {"kept_for_last_polls", requests->kept},
                      {"is_spent", requests->is_spent},
                      {"next_day", to_rfc3339(requests->next_day)}};
}

/// Returns the name of a limit in the JSON, or nothing if no limit applies.
std::string_view name_of(DelayLimit limit) {
  switch (limit) {
    case DelayLimit::none: return {};
    case DelayLimit::unknown: return "too_little_learnt";
    case DelayLimit::rate: return "rate";
    case DelayLimit::day: return "daily_requests";
    case DelayLimit::min_interval: return "min_interval";
  }
  check_failed("a limit has a name", __FILE__, __LINE__);
}

/// Returns milliseconds as a number of seconds.
double tidy_seconds(Duration duration) {
  return static_cast<double>(std::chrono::round<std::chrono::milliseconds>(duration).count()) / 1e3;
}

json::value json_delay(const std::optional<MeanDelay>& delay) {
  if (!delay) return nullptr;
  const auto limit = name_of(delay->limit);
  const bool is_known = delay->limit != DelayLimit::unknown;
  return json::object{
      {"target_seconds", json_number(tidy_seconds(delay->target))},
      {"expected_seconds", is_known ? json_number(tidy_seconds(delay->expected)) : nullptr},
      {"limited_by", limit.empty() ? json::value(nullptr) : json::value(limit)}};
}

std::uint64_t total(const Metrics& counters, Metric metric, std::string_view label_value = {}) {
  return static_cast<std::uint64_t>(counters.total(metric, label_value));
}

json::value json_fleet(const FleetCounts& fleet) {
  return json::object{{"node", fleet.node},
                      {"nodes_alive", fleet.alive},
                      {"nodes_dead", fleet.dead},
                      {"pending", fleet.pending},
                      {"foreign_staged", fleet.foreign_staged}};
}

/// Returns the counters under the names that `status` has always used for them.
json::object json_totals(const Metrics& counters) {
  json::object totals{{"polls", total(counters, Metric::polls)}};
  for (const auto* outcome : {"completed", "archived", "failed", "rejected"})
    totals[outcome] = total(counters, Metric::handshakes_ended, outcome);
  totals["conflicts"] = total(counters, Metric::spool_conflicts);
  totals["refused"] = total(counters, Metric::submissions_refused);
  return totals;
}

/// Returns whole seconds: a Date has no fractions.
std::int64_t seconds_of(Duration duration) {
  return std::chrono::round<std::chrono::seconds>(duration).count();
}

std::string clock_words(Duration difference) {
  if (std::chrono::abs(difference) <= limits::kClockDifference) return "ok";
  return fmt::format("WRONG: {} {} Attestr's", rough(std::chrono::abs(difference)),
                     difference < Duration(0) ? "ahead of" : "behind");
}

/// Returns the setting or the condition that keeps the mean delay above its target.
std::string_view words_of(DelayLimit limit, bool allows_less) {
  switch (limit) {
    case DelayLimit::none: return {};
    case DelayLimit::unknown: return "too few results are learnt yet";
    case DelayLimit::rate:
      return allows_less ? "Attestr allows no more requests"
                         : "api.requests_per_second allows no more";
    case DelayLimit::day: return "api.daily_requests allows no more";
    case DelayLimit::min_interval: return "poll.min_interval allows no more polls";
  }
  check_failed("a limit has words", __FILE__, __LINE__);
}

std::string disk_words(const StatusReport::Daemon& daemon) {
  if (daemon.disk_full) return "FULL: nothing is fetched until there is room";
  if (daemon.disk_round >= limits::kDiskStall)
    return fmt::format("STALLED: a write or sync has not returned for {}",
                       rough(daemon.disk_round));
  return "ok";
}

std::string conflict_words(std::uint64_t conflicts) {
  if (conflicts == 0) return "0";
  return fmt::format("{}: these records are in rejected/; see spool.conflict in the log",
                     conflicts);
}

void add_requests(TextRows& rows, const StatusReport::Requests& requests, Wall now) {
  const auto wait =
      fmt::format("; all but last polls wait for the next day, {}", ahead(requests.next_day, now));
  rows.add("requests today", fmt::format("{} of {}{}", requests.spent, requests.limit,
                                         requests.is_spent ? wait : ""));
}

std::string pause_words(const StatusReport::Pause& pause, Wall now) {
  if (pause.next_canary)
    return fmt::format("paused for {} ({}), asks again {}", rough(now - pause.since), pause.reason,
                       ahead(*pause.next_canary, now));
  return fmt::format("paused by {} for {} ({}): that node asks", pause.node,
                     rough(now - pause.since), pause.reason);
}

/// Adds a row where Attestr allows less than the configured rate.
void add_rate(TextRows& rows, const StatusReport::Rate& rate, Wall now) {
  if (rate.held_until) {
    rows.add("requests", fmt::format("none for {}, as Attestr demands (Retry-After)",
                                     rough(*rate.held_until - now)));
  } else if (rate.effective != rate.configured) {
    const auto configured = rate.configured == 0 ? "" : fmt::format("of {:.4g} ", rate.configured);
    rows.add("requests", fmt::format("{:.2g} {}per second: Attestr allows no more", rate.effective,
                                     configured));
  }
}

void add_fleet(TextRows& rows, const FleetCounts& fleet) {
  const auto dead = fleet.dead == 0 ? "" : fmt::format(" and {} dead", fleet.dead);
  rows.add("fleet", fmt::format("{} pending in all, {} nodes alive{}; this is {}", fleet.pending,
                                fleet.alive, dead, fleet.node));
}

void add_next_poll(TextRows& rows, const StatusReport& report) {
  const auto& next = report.daemon->next_poll;
  const auto unknown = report.handshakes.in_flight > 0 ? "once an answer is here" : "none";
  rows.add("next poll", next ? ahead(*next, report.now) : unknown);
}

void add_inbox(TextRows& rows, const InboxFiles& files) {
  rows.add("inbox files", fmt::format("{}, and {} claimed", files.unclaimed, files.claimed));
}

void add_daemon(TextRows& rows, const StatusReport::Daemon& daemon, Wall now) {
  rows.add("last good answer", ago(daemon.last_successful_poll, now));
  if (daemon.clock_difference) rows.add("clock", clock_words(*daemon.clock_difference));
  const auto& pause = daemon.pause;
  rows.add("account", pause ? pause_words(*pause, now) : "ok");
  add_rate(rows, daemon.rate, now);
  if (const auto words = daemon.mean_delay ? mean_delay_words(*daemon.mean_delay, daemon.rate) : "";
      !words.empty())
    rows.add("mean delay", words);
  if (const auto& requests = daemon.requests_today) add_requests(rows, *requests, now);
  if (daemon.queue_unavailable)
    rows.add("queue", "UNAVAILABLE: nothing is polled until it answers");
  if (daemon.queue_went_back)
    rows.add("queue", "WENT BACK: the database has lost commits; see queue.went_back in the log");
  if (daemon.signatures_fail)
    rows.add("signatures", "FAILING: check the client secret; the answers are kept");
  rows.add("disk", disk_words(daemon));
  if (daemon.spool_full)
    rows.add("intake", "STOPPED: as many records wait in results/ as spool.max_waiting allows");
  if (daemon.config_refused)
    rows.add("configuration",
             fmt::format("the file is REFUSED: that of {} holds; see attestrd check-config",
                         ago(daemon.config_accepted_at, now)));
  const Metrics& counters = daemon.counters;
  rows.line("since the start:");
  rows.add("  polls", total(counters, Metric::polls));
  rows.add("  completed", total(counters, Metric::handshakes_ended, "completed"));
  rows.add("  archived (lost)", total(counters, Metric::handshakes_ended, "archived"));
  rows.add("  failed", total(counters, Metric::handshakes_ended, "failed"));
  rows.add("  rejected", total(counters, Metric::handshakes_ended, "rejected"));
  rows.add("  name conflicts", conflict_words(total(counters, Metric::spool_conflicts)));
  rows.add("  refused submissions", total(counters, Metric::submissions_refused));
}

}  // namespace

std::string mean_delay_words(const MeanDelay& delay, const StatusReport::Rate& rate) {
  std::string words;
  if (delay.limit != DelayLimit::unknown)
    words = fmt::format("{:.3g} s expected", tidy_seconds(delay.expected));
  if (delay.target > Duration(0))
    words +=
        fmt::format("{}{:.3g} s aimed at", words.empty() ? "" : ", ", tidy_seconds(delay.target));
  const auto why = words_of(delay.limit, rate.effective != rate.configured);
  if (!words.empty() && !why.empty()) words += fmt::format(": {}", why);
  return words;
}

std::string status_json(const StatusReport& report) {
  json::object object{{"daemon", report.daemon ? "running" : "not running"},
                      {"version", kVersion},
                      {"time", to_rfc3339(report.now)},
                      {"pending", report.handshakes.pending},
                      {"in_flight", report.handshakes.in_flight},
                      {"settling", report.handshakes.settling},
                      {"oldest_pending", json_time(report.oldest_pending)},
                      {"inbox_files", nullptr},
                      {"inbox_claimed_files", nullptr}};
  if (report.fleet) object["fleet"] = json_fleet(*report.fleet);
  if (!report.daemon) object["operator_pause"] = json_time(report.stored_pause);
  if (const auto& files = report.inbox) {
    object["inbox_files"] = files->unclaimed;
    object["inbox_claimed_files"] = files->claimed;
  }
  if (const auto& daemon = report.daemon) {
    object["pid"] = daemon->pid;
    object["started_at"] = to_rfc3339(daemon->started_at);
    const auto hold = hold_of(*daemon, report.now);
    object["held_by"] = hold ? json::value(hold->name) : json::value(nullptr);
    object["next_due"] = json_time(daemon->next_poll);
    object["last_successful_poll"] = json_time(daemon->last_successful_poll);
    object["clock_difference_seconds"] =
        daemon->clock_difference ? json::value(seconds_of(*daemon->clock_difference)) : nullptr;
    object["held"] = report.handshakes.held;
    object["operator_pause"] = json_time(daemon->operator_pause);
    object["account_pause"] = json_pause(daemon->pause);
    object["rate_limit"] = json_rate(daemon->rate);
    object["mean_delay"] = json_delay(daemon->mean_delay);
    object["requests_today"] = json_requests(daemon->requests_today);
    object["signatures_failing"] = daemon->signatures_fail;
    object["disk_full"] = daemon->disk_full;
    object["disk_stalled"] = daemon->disk_round >= limits::kDiskStall;
    object["queue_unavailable"] = daemon->queue_unavailable;
    if (daemon->queue_went_back) object["queue_went_back"] = true;
    object["spool_full"] = daemon->spool_full;
    object["config_refused"] = daemon->config_refused;
    object["totals"] = json_totals(daemon->counters);
  }
  return json::serialize(object) + '\n';
}

std::string status_text(const StatusReport& report) {
  TextRows rows;
  const auto& daemon = report.daemon;
  rows.add("attestrd", !daemon ? "not running"
                               : fmt::format("{}, running for {}, pid {}", kVersion,
                                             rough(report.now - daemon->started_at), daemon->pid));
  if (const auto hold = daemon ? hold_of(*daemon, report.now) : std::nullopt)
    rows.add("held", hold->words);
  if (report.stored_pause)
    rows.add("held", "an operator has paused all polls; `attestrd resume` ends that");
  rows.add("pending", report.handshakes.pending);
  if (daemon) rows.add("in flight", report.handshakes.in_flight);
  if (report.handshakes.held > 0)
    rows.add("held by operators", fmt::format("{}: see attestrd release", report.handshakes.held));
  rows.add("settling", report.handshakes.settling);
  if (report.fleet) add_fleet(rows, *report.fleet);
  if (report.oldest_pending) {
    rows.add("oldest pending", "submitted " + ago(report.oldest_pending, report.now));
  }
  if (report.inbox) add_inbox(rows, *report.inbox);
  if (daemon) add_next_poll(rows, report);
  if (daemon) add_daemon(rows, *daemon, report.now);
  return rows.take();
}

}  // namespace attestrd
