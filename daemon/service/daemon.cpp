#include "daemon/service/daemon.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "daemon/service/exit_code.h"
#include "runtime/system_clock.h"
#include "daemon/version.h"

namespace attestrd {
namespace {

// With limits::kTombstonesPurgedPerRound faster than handshakes can end.
constexpr Duration kPurgeInterval = std::chrono::seconds(10);
constexpr Duration kShowInterval = std::chrono::milliseconds(500);
constexpr Duration kQuietCheckInterval = std::chrono::milliseconds(5);
// A loop that turns its engine this much too late is stuck, and the watchdog may bite.
constexpr Duration kLateLoop = std::chrono::seconds(10);

/// Calls `then` on the loop after `delay`, unless the timer is set anew or cancelled.
void after(boost::asio::steady_timer& timer, Duration delay, auto then) {
  timer.expires_after(delay);
  timer.async_wait([then = std::move(then)](boost::system::error_code error) {
    if (!error) then();
  });
}

}  // namespace

int Daemon::run() {
  Notice started =
      Notice(Event::daemon_started,
             fmt::format("attestrd {} polls https://{}", kVersion, authority_of(config_.api.url)));
  started.count = engine_->report(read_clocks()).pending;
  say(started);
  say_cadence();
  notifier_.ready();
  scan_inbox();
  purge_tombstones();
  feed_watchdog();
  show_every_second();
  loop_.run();
  if (exit_code_ == 0) say(Notice(Event::daemon_stopped, "attestrd has stopped"));
  return exit_code_;
}

void Daemon::say_cadence() {
  Notice chosen = Notice(Event::cadence_chosen, "polls by exponential backoff");
  if (config_.poll.cadence == CadenceKind::adaptive) {
    chosen.message = "polls when a result is likely, as learnt from so many completions";
    chosen.count = static_cast<std::uint64_t>(completions_learnt_);
  }
  say(chosen);
}

void Daemon::say(const Notice& notice) {
  if (notice.event == Event::inbox_refused) counters_.add(Metric::submissions_refused);
  log_.write(notice);
}

// ---- What the disk worker tells.

void Daemon::on_report(const RoundReport& report) {
  // First of all, so that the next ids are written while these are taken in.
  if (report.inbox_has_more) scan_inbox();
  conductor_->written(report);
  // What a burst of submissions took for a moment goes back to the system.
  if (report.inbox_scanned) {
    const bool was_burst = std::exchange(is_burst_, report.inbox_has_more);
    if (was_burst && !is_burst_) malloc_trim(0);
  }
  if (is_stopping_ || report.inbox_has_more) return;
  if (report.inbox_waits) {
    scan_again_after(limits::kSubmissionQuiet);
  } else if (options_.until_empty && report.inbox_scanned && report.accepted.empty() &&
             engine_->is_empty()) {
    begin_stop();
  } else if (options_.until_empty && engine_->is_empty()) {
    scan_inbox();
  }
}

void Daemon::on_disk_full(const Error& error) {
  is_intake_paused_ = true;
  say(Notice(Event::disk_full,
             fmt::format("intake and polling wait until there is room: {}", error.message)));
  conductor_->step(DiskFull{});
}

void Daemon::on_disk_room() {
  is_intake_paused_ = false;
  say(Notice(Event::disk_room, "there is room on the disk again; all goes on"));
  conductor_->step(DiskHasRoom{});
}

void Daemon::on_queue_unavailable(const Error&) {
  is_queue_unavailable_ = true;
  conductor_->step(QueueUnavailable{});
}

void Daemon::on_queue_available() {
  is_queue_unavailable_ = false;
  conductor_->step(QueueAvailable{});
}

// A failed write or sync is never tried again: what the disk holds is unknown. Recovery finds out.
void Daemon::on_failure(const Error& error) {
  say(Notice(Event::daemon_failed, error.message));
  // Whatever the trouble: systemd restarts after an I/O error, while it leaves the codes that only
  // a person can mend, such as permission, alone.
  exit_code_ = exit_code(Errc::io_failure);
  loop_.stop();
}

// ---- What time brings.

void Daemon::scan_inbox() {
  if (is_stopping_) return;
  if (!is_intake_paused_ && !is_queue_unavailable_) disk_->scan_inbox();
  scan_again_after(limits::kInboxScanInterval);
}

void Daemon::scan_again_after(Duration delay) {
  after(scan_timer_, delay, [this] { scan_inbox(); });
}

void Daemon::purge_tombstones() {
  disk_->purge_tombstones(std::chrono::days(config_.paths.tombstone_days));
  after(purge_timer_, kPurgeInterval, [this] { purge_tombstones(); });
}

void Daemon::feed_watchdog() {
  const auto interval = notifier_.watchdog_interval();
  if (!interval) return;
  const auto wake = engine_->next_wake();
  if (!wake || read_clocks().mono < std::max(*wake, conductor_->last_step()) + kLateLoop) {
    notifier_.feed_watchdog();
  }
  after(watchdog_timer_, *interval, [this] { feed_watchdog(); });
}

void Daemon::show_every_second() {
  const Now now = read_clocks();
  const EngineReport report = engine_->report(now);
  const std::uint64_t delivered = report.completed;
  notifier_.status(fmt::format("{} pending, {} delivered{}", report.pending, delivered,
                               report.paused_for ? ", account paused" : ""));
  if (options_.until_empty) progress_.show(report.pending, delivered, now.mono);
  after(show_timer_, kShowInterval, [this] { show_every_second(); });
}

// ---- What people want.

void Daemon::reload() {
  notifier_.reloading();
  auto config = load_config(options_.config_file);
  Result<void> taken = config ? take_config(*config) : Result<void>(config.error());
  if (taken) {
    say(Notice(Event::config_reloaded, "the configuration is read again"));
  } else {
    say(Notice(Event::config_rejected,
               "the configuration stays as it was: " + taken.error().message));
  }
  notifier_.ready();
}

Result<void> Daemon::take_config(const Config& config) {
  if (auto checked = check_reload(config_, config); !checked) return checked;
  auto secrets = read_secrets(config);
  if (!secrets) return secrets.error();
  if (auto taken = poller_->reconfigure(poller_settings(config, std::move(secrets->auth_token)));
      !taken) {
    return taken;
  }
  *verifier_ = Verifier(std::move(secrets->client_secrets), config.signature.form);
  log_.set_level(config.log.level);
  log_.set_format(config.log.format);
  config_ = config;
  conductor_->step(Reconfigured{engine_settings(config)});
  return {};
}

// ---- The end: no new poll, what is in flight may finish, what was learnt is written down.

void Daemon::begin_stop() {
  if (is_stopping_) return;
  is_stopping_ = true;
  say(Notice(Event::daemon_stopping, "no new polls; finishing what is in flight"));
  notifier_.stopping();
  scan_timer_.cancel();
  conductor_->step(Stop{});
  wait_until_quiet(read_clocks().mono + config_.poll.shutdown_grace);
}

void Daemon::wait_until_quiet(Mono give_up_at) {
  if (engine_->is_quiet() || read_clocks().mono >= give_up_at) return end_stop();
  after(stop_timer_, kQuietCheckInterval, [this, give_up_at] { wait_until_quiet(give_up_at); });
}

void Daemon::end_stop() {
  poller_->stop();
  disk_->stop();
  // Its last reports stand in the loop; behind them nothing else may keep the loop.
  boost::asio::post(loop_, [this] { loop_.stop(); });
}

StatusReport Daemon::status() const {
  const Now now = read_clocks();
  const EngineReport report = engine_->report(now);
  return {.now = now.wall,
          .handshakes = {report.pending, report.in_flight, report.settling},
          .oldest_pending = engine_->oldest_submitted_at(now),
          .daemon = daemon_status(report, now)};
}

StatusReport::Daemon Daemon::daemon_status(const EngineReport& report, Now now) const {
  StatusReport::Daemon daemon;
  daemon.pid = getpid();
  daemon.started_at = started_at_;
  daemon.counters = counters_;
  const auto count = [&daemon](Metric metric, std::uint64_t total, std::string_view label = {}) {
    daemon.counters.add(metric, label, static_cast<double>(total));
  };
  count(Metric::polls, report.polls);
  count(Metric::handshakes_ended, report.completed, "completed");
  count(Metric::handshakes_ended, report.archived, "archived");
  count(Metric::handshakes_ended, report.failed, "failed");
  count(Metric::handshakes_ended, report.rejected, "rejected");
  if (report.next_due) daemon.next_due = now.wall + *report.next_due;
  daemon.last_successful_poll = report.last_good_poll_at;
  if (report.paused_for) {
    daemon.pause = StatusReport::Pause{std::string(name_of(*report.paused_for)),
                                       report.paused_since, now.wall + report.next_canary};
  }
  if (report.daily_limit > 0) {
    daemon.requests_today =
        StatusReport::Requests{report.spent_today, report.daily_limit, report.kept_today,
                               report.is_day_spent, now.wall + report.until_next_day};
  }
  daemon.disk_full = report.is_disk_full;
  return daemon;
}

std::optional<ExplainReport> Daemon::explain_waiting(const HandshakeId& id) const {
  const Now now = read_clocks();
  const auto why = engine_->explain(id, now);
  if (!why) return std::nullopt;
  const auto daemon = daemon_status(engine_->report(now), now);
  return ExplainReport{id, now.wall, ExplainReport::Waiting{*why, daemon}, {}};
}

void Daemon::explain(const HandshakeId& id, ControlServer::OnExplained on_explained) {
  if (const auto waiting = explain_waiting(id)) return on_explained(*waiting);
  disk_->look_up(
      id, [this, id, on_explained = std::move(on_explained)](Result<KnownHandshake> row) {
        if (!row) return on_explained(row.error());
        // It may have been taken up meanwhile.
        auto waiting =
            std::holds_alternative<QueuedHandshake>(*row) ? explain_waiting(id) : std::nullopt;
        on_explained(waiting ? std::move(*waiting)
                             : ExplainReport{id, read_clocks().wall, {}, std::move(*row)});
      });
}

}  // namespace attestrd
