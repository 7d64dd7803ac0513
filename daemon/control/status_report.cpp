#include "daemon/control/status_report.h"

#include <string>

namespace attestrd {

StatusReport status_report(const EngineReport& engine, const DaemonFacts& facts, Now now) {
  std::optional<Wall> oldest;
  if (engine.oldest_age) oldest = now.wall - *engine.oldest_age;
  return {
      .now = now.wall,
      .handshakes = {engine.pending, engine.in_flight, engine.settling, engine.held_by_operator},
      .oldest_pending = oldest,
      .inbox = facts.inbox,
      .stored_pause = {},
      .daemon = daemon_status(engine, facts, now),
      .fleet = facts.fleet};
}

StatusReport::Daemon daemon_status(const EngineReport& engine, const DaemonFacts& facts, Now now) {
  StatusReport::Daemon daemon;
  daemon.pid = facts.pid;
  daemon.started_at = facts.started_at;
  daemon.counters = facts.counters;
  daemon.counters.merge(engine.counters);
  daemon.due_lag = engine.due_lag;
  if (engine.next_poll) daemon.next_poll = now.wall + *engine.next_poll;
  daemon.last_successful_poll = engine.last_good_poll_at;
  daemon.clock_difference = engine.clock_difference;
  daemon.operator_pause = engine.operator_pause;
  if (engine.paused_for) {
    auto& pause = daemon.pause.emplace(
        StatusReport::Pause{std::string(name_of(*engine.paused_for)), engine.paused_since});
    pause.node = engine.paused_by;
    if (pause.node.empty()) pause.next_canary = now.wall + engine.next_canary;
  }
  daemon.signatures_fail = engine.signatures_fail;
  daemon.rate = {engine.configured_rate, engine.rate, {}};
  if (engine.held) daemon.rate.held_until = now.wall + *engine.held;
  daemon.mean_delay = engine.mean_delay;
  daemon.spent_today = engine.spent_today;
  if (engine.daily_limit > 0) {
    daemon.requests_today =
        StatusReport::Requests{engine.spent_today, engine.daily_limit, engine.kept_today,
                               engine.is_day_spent, now.wall + engine.until_next_day};
  }
  daemon.disk_full = engine.is_disk_full;
  daemon.queue_unavailable = engine.is_queue_unavailable;
  daemon.queue_went_back = facts.has_queue_lost_commits;
  daemon.disk_round = facts.disk_round;
  daemon.is_stopping = facts.is_stopping;
  daemon.spool_full = facts.is_spool_full;
  daemon.backlog_full = engine.is_backlog_full;
  daemon.config_refused = facts.config.is_refused;
  daemon.config_accepted_at = facts.config.accepted_at;
  return daemon;
}

}  // namespace attestrd
