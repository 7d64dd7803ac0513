#include "daemon/service/assemble.h"

#include <fmt/format.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "daemon/config/recipients.h"
#include "daemon/control/control_server.h"
#include "daemon/control/hints/hint_server.h"
#include "daemon/control/metrics/process_metrics.h"
#include "daemon/control/operator_changes.h"
#include "daemon/control/retries.h"
#include "daemon/control/routes.h"
#include "daemon/log/exit_code.h"
#include "daemon/log/log_file.h"
#include "daemon/service/chores.h"
#include "daemon/service/disk_events.h"
#include "daemon/service/fleet/fleet_database.h"
#include "daemon/service/fleet/fleet_membership.h"
#include "daemon/service/fleet/node_requests.h"
#include "daemon/service/fleet/other_nodes.h"
#include "daemon/service/inbox_scans.h"
#include "daemon/service/lifecycle.h"
#include "daemon/service/load_queue.h"
#include "daemon/service/notice_writer.h"
#include "daemon/service/notify.h"
#include "daemon/service/part_settings.h"
#include "daemon/service/progress.h"
#include "daemon/service/queue_backup.h"
#include "daemon/service/reload.h"
#include "daemon/service/signals.h"
#include "daemon/service/stores.h"
#include "daemon/service/spool/record_expiry.h"
#include "daemon/service/spool/spool_levels.h"
#include "daemon/service/spool/waiting_results.h"
#include "daemon/version.h"
#include "fleet/account_identity.h"
#include "files/posix_descriptors.h"
#include "files/posix_files.h"
#include "files/posix_memory.h"
#include "inbox/inotify_watch.h"
#include "poll/https_poller.h"
#include "queue/postgres/postgres_schema.h"
#include "runtime/conductor.h"
#include "runtime/disk_worker.h"
#include "runtime/entropy.h"
#include "runtime/system_clock.h"
#include "spool/retention.h"

namespace attestrd {
namespace {

// This interval and limits::kTombstonesPurgedPerRound allow 100 purged tombstones per second, more
// than handshakes can end at the default of api.requests_per_second.
constexpr Duration kPurgeInterval = std::chrono::seconds(10);
constexpr Duration kShowInterval = std::chrono::milliseconds(500);
constexpr Duration kSocketInterval = std::chrono::seconds(1);
constexpr Duration kSpoolInterval = std::chrono::seconds(1);
constexpr Duration kWatchInterval = std::chrono::seconds(10);
// A loop that steps its engine this much too late is stuck, and the watchdog may end the process.
constexpr Duration kLateLoop = std::chrono::seconds(10);

/// Gives each large answer memory of its own, which returns to the system when the answer is freed.
/// Else glibc would raise the size from which it does so, and keep as much again in reserve.
void return_large_memory() { ::mallopt(M_MMAP_THRESHOLD, 1 << 20); }

/// Returns the event loop, which lives as long as the process: its destructor would wait for a DNS
/// query that can't be cancelled.
boost::asio::io_context& event_loop() {
  static auto& loop = *new boost::asio::io_context(1);
  return loop;
}

/// The parts of the daemon, in the order in which assemble() creates them. They are destroyed in
/// reverse order: each may use those above it.
// More than 20 methods: each part that has a story of its own is made or served in one.
class Daemon {
 public:
  Daemon(const Config& config, RunOptions options, Recipients recipients, Descriptor log)
      : config_(config),
        options_(std::move(options)),
        recipients_(std::move(recipients)),
        notices_(config.log, std::move(log)) {}

  /// Creates all parts and runs recovery. No poll starts before it returns.
  Result<void> assemble(Secrets secrets);

  /// Runs until the daemon ends and returns the exit code. Does nothing if a signal stopped the
  /// daemon during assemble().
  int run();

 private:
  Result<void> open_when_there_is_room();
  Result<void> wait_for_database();
  Result<void> open_and_recover();
  Result<void> make_engine_and_adapters(Secrets secrets);
  void make_service();
  Result<void> make_fleet_parts();
  void watch_inbox();
  Result<void> open_to_the_world();
  Result<void> open_hint_server();
  Metrics counters() const;
  void add_chores();
  Questions questions();
  void measure(Metrics& metrics) const;
  Result<std::unique_ptr<Backup>> begin_backup() const;
  void feed_watchdog();
  void keep_control_socket();
  void show_shortage(bool is_short, const std::string& what);
  void show_stall(bool is_stalled);
  void show_progress();
  void show_start_moves();
  void announce_start();

  Config config_;
  RunOptions options_;
  const Recipients recipients_;  ///< Of the start: a reload replaces them in the ledger.
  boost::asio::io_context& loop_ = event_loop();
  NoticeWriter notices_;
  Notifier notifier_;
  ProgressLine progress_;
  Wall started_at_ = read_clocks().wall;
  bool are_connections_short_ = false;
  bool is_control_lost_ = false;
  bool is_unwatched_ = false;  ///< The inbox has no watch.
  bool is_disk_stalled_ = false;
  bool was_stopped_ = false;       ///< While it waited for free space at its start.
  double completions_learnt_ = 0;  ///< Completions that earlier processes learnt.

  Stores stores_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Conductor> conductor_;
  std::unique_ptr<HttpsPoller> poller_;
  std::unique_ptr<QueueBackup> backup_;   ///< The disk worker uses it until it has stopped.
  std::unique_ptr<RecordExpiry> expiry_;  ///< Likewise.
  std::unique_ptr<DiskWorker> disk_;
  std::optional<InboxScans> scans_;
  std::optional<Lifecycle> lifecycle_;
  std::optional<DiskEvents> disk_events_;
  std::optional<Reload> reload_;
  std::optional<Retries> retries_;
  std::optional<WaitingResults> waiting_;
  std::optional<SpoolLevels> levels_;
  std::optional<OperatorChanges> operator_changes_;
  Chores chores_{loop_};
  std::unique_ptr<InotifyWatch> watch_;
  std::optional<ControlServer> control_;
  std::optional<Secret> postgres_password_;
  std::string account_;                          ///< See account_identity().
  std::unique_ptr<OtherNodes> others_;           ///< Null: the queue is this daemon's alone.
  std::optional<NodeRequests> node_requests_;    ///< Likewise.
  std::unique_ptr<FleetMembership> membership_;  ///< Likewise.
  std::optional<HintSecrets> hint_secrets_;      ///< Until the server of hints has them.
  std::unique_ptr<HintServer> hints_;            ///< Null: hints.listen is empty.
  std::unique_ptr<Signals> signals_;
};

Result<void> Daemon::assemble(Secrets secrets) {
  notices_.say_doubtful(secrets.doubtful);
  notices_.say_doubtful(recipients_.doubtful);
  hint_secrets_ = std::exchange(secrets.hints, std::nullopt);
  postgres_password_ = std::exchange(secrets.postgres_password, std::nullopt);
  account_ = account_identity(authority_of(config_.api.url), secrets.auth_token.reveal());
  if (auto done = wait_for_database(); !done || was_stopped_) return done;
  if (auto done = open_when_there_is_room(); !done || was_stopped_) return done;
  if (auto done = make_engine_and_adapters(std::move(secrets)); !done) return done;
  make_service();
  if (stores_.fleet)
    if (auto done = make_fleet_parts(); !done) return done;
  // Until the whole queue is loaded, only this thread uses it: writes that the engine requests in
  // the meantime wait for the disk worker.
  const auto learnt =
      load_queue(*stores_.queue, *stores_.ledger, *conductor_, [this] { show_start_moves(); });
  if (!learnt) return learnt.error();
  completions_learnt_ = *learnt;
  disk_->start();
  levels_->survey_at_start();
  add_chores();
  return open_to_the_world();
}

/// Waits until the database of the fleet can be reached, as a running daemon does.
Result<void> Daemon::wait_for_database() {
  if (config_.queue.store == QueueStore::sqlite) return {};
  auto database = fleet_database(config_, postgres_password_, "attestrd");
  if (!database) return database.error();
  for (bool is_told = false;;) {
    const auto server = check_postgres(**database);
    if (server && is_told)
      notices_.say(Notice(Event::queue_available, "the database answers: the start goes on"));
    if (server) return {};
    if (server.error().code != Errc::unavailable) return server.error();
    if (!std::exchange(is_told, true))
      notices_.say(Notice(Event::queue_unavailable,
                          "the start waits for the database: " + server.error().message));
    notifier_.extend_start(limits::kStartExtension);
    was_stopped_ = wait_for_stop(limits::kRoundRetry);
    if (was_stopped_) return {};
  }
}

/// Opens the stores. On a full disk it waits, as a running daemon does, and begins anew each time:
/// what an earlier try has done, the next one finds and recovers.
Result<void> Daemon::open_when_there_is_room() {
  for (bool is_told = false;;) {
    const auto opened = open_and_recover();
    if (opened && was_stopped_) return opened;
    if (opened && is_told)
      notices_.say(Notice(Event::disk_room, "there is room on the disk again; all goes on"));
    if (opened || opened.error().code != Errc::disk_full) return opened;
    if (!std::exchange(is_told, true))
      notices_.say(Notice(Event::disk_full,
                          "the start waits until there is room: " + opened.error().message));
    notifier_.extend_start(limits::kStartExtension);
    was_stopped_ = wait_for_stop(limits::kRoundRetry);
    if (was_stopped_) return {};
  }
}

Result<void> Daemon::open_and_recover() {
  // The locks come first: no other process may write to the stores that are opened next.
  auto stores =
      open_stores(config_, {postgres_password_, account_, read_boot_id(), [this](Duration time) {
                              notifier_.extend_start(limits::kStartExtension);
                              return wait_for_stop(time);
                            }});
  if (!stores) return stores.error();
  was_stopped_ = stores->queue == nullptr;
  if (was_stopped_) return {};
  // Recovery from a crash comes next: no handshake whose record is staged may be polled.
  const auto notices = stores->ledger->recover({read_boot_id(), kReleaseDate}, read_clocks());
  if (!notices) return notices.error();
  stores_ = std::move(*stores);
  show_start_moves();
  // Before any record is written: no answer that is to be encrypted reaches the disk as it is.
  stores_.ledger->set_sealer(recipients_.sealer);
  for (const Notice& notice : *notices) notices_.say(notice);
  return {};
}

Result<void> Daemon::make_engine_and_adapters(Secrets secrets) {
  // The verifier decides whether a result is signed; the engine asks it.
  verifier_ = std::make_unique<Verifier>(std::move(secrets.client_secrets), config_.signature.form);
  // The engine holds every pending handshake and decides what happens next.
  engine_ =
      std::make_unique<Engine>(engine_settings(config_), *verifier_, draw_seed(), read_clocks());
  // The conductor carries out what the engine decides.
  conductor_ = std::make_unique<Conductor>(loop_, *engine_, *verifier_,
                                           [this](const Notice& notice) { notices_.say(notice); });
  // The poller sends requests to Attestr.
  auto poller = HttpsPoller::make(
      loop_, poller_settings(config_, std::move(secrets.auth_token), std::move(secrets.proxy_auth)),
      [this](Poller::Ticket ticket, const PollReply& reply, std::string& body) {
        conductor_->replied(ticket, reply, body);
      });
  if (!poller) return poller.error();
  poller_ = std::move(*poller);
  // The disk worker writes on its own thread, so that the event loop never waits for a disk.
  disk_ = std::make_unique<DiskWorker>(
      *stores_.ledger, loop_.get_executor(), read_clocks,
      DiskWorker::Events{
          .report =
              [this](const RoundReport& report) {
                disk_events_->on_report(report);
                retries_->on_report(report);
                operator_changes_->on_report(report);
                if (report.has_unclaimed) disk_->claim_rows();
              },
          .disk_full = [this](const Error& error) { disk_events_->on_disk_full(error); },
          .disk_room = [this] { disk_events_->on_disk_room(); },
          .queue_unavailable =
              [this](const Error& error) { disk_events_->on_queue_unavailable(error); },
          .queue_available = [this] { disk_events_->on_queue_available(); },
          .shortage =
              [this](const Error& error) {
                show_shortage(true, "the round is tried again: " + error.message);
              },
          .shortage_over = [this] { show_shortage(false, "the round is written"); },
          .failed = [this](const Error& error) { disk_events_->on_failure(error); }});
  conductor_->connect(*poller_, *disk_);
  // Backups are made by the disk worker too: the queue has one connection, on one thread.
  backup_ = std::make_unique<QueueBackup>(*disk_, loop_.get_executor(),
                                          [this] { return begin_backup(); });
  return {};
}

void Daemon::make_service() {
  // The scans ask the disk worker to read the inbox.
  scans_.emplace(loop_, *disk_);
  // The lifecycle runs the loop and shuts it down in order.
  lifecycle_.emplace(Lifecycle::Parts{loop_, config_, *engine_, *conductor_, *poller_, *disk_,
                                      *scans_, notices_, notifier_},
                     options_.until_empty);
  // The reports of the disk worker are forwarded to these parts.
  disk_events_.emplace(*conductor_, *scans_, *lifecycle_, notices_);
  // A reload changes the settings of all parts that have settings.
  reload_.emplace(loop_.get_executor(), options_.config_file,
                  Reload::Parts{config_, *verifier_, *poller_, *conductor_, *disk_, *stores_.ledger,
                                notices_, notifier_},
                  started_at_);
  // Handshakes that have ended are taken up again by the ledger, as operators wish.
  retries_.emplace(
      loop_.get_executor(),
      Retries::Parts{.rejected = (config_.paths.spool / folder_of(Outcome::rejected)).string(),
                     .submit = [this](RoundRequest request) { disk_->submit(std::move(request)); },
                     .verifier = [this] { return *verifier_; },
                     .usual_form = [this] { return engine_->usual_form(); },
                     .now = read_clocks,
                     .after_jobs =
                         [this](std::function<void()> then) {
                           disk_->run_between_rounds([this, then = std::move(then)]() mutable {
                             boost::asio::post(loop_, std::move(then));
                           });
                         }});
  // Records that no consumer takes stop the intake, unless the daemon ends without consumers.
  waiting_.emplace(loop_.get_executor(), config_, *scans_, notices_, !options_.until_empty);
  // Records that nobody takes are removed in the end, if the operator wishes so.
  expiry_ = std::make_unique<RecordExpiry>(
      RecordExpiry::Parts{loop_.get_executor(), config_, *disk_, *stores_.ledger, notices_,
                          [this] { return retries_->is_readmitting(); }},
      read_clocks().mono);
  // The metrics show how full the spool and the disks are.
  levels_.emplace(loop_.get_executor(), config_);
  // Pauses, holds and cancels of operators become durable, and then hold for the engine.
  operator_changes_.emplace(OperatorChanges::Parts{
      .submit = [this](RoundRequest request) { disk_->submit(std::move(request)); },
      .ask_engine =
          [this](EngineCommand command, Questions::OnAnswer on_answer) {
            conductor_->ask(std::move(command), std::move(on_answer));
          }});
}

Result<void> Daemon::make_fleet_parts() {
  // Operators ask any node about any handshake.
  auto database = fleet_database(config_, postgres_password_, "attestrd reads");
  if (!database) return database.error();
  others_ = std::make_unique<OtherNodes>(loop_, std::move(*database), stores_.fleet->member(),
                                         config_.postgres.lease);
  // Requests that operators make at other nodes are carried out here.
  node_requests_.emplace(NodeRequests::Parts{
      .submit = [this](RoundRequest request) { disk_->submit(std::move(request)); },
      .ask_engine =
          [this](EngineCommand command, Questions::OnAnswer on_answer) {
            conductor_->ask(std::move(command), std::move(on_answer));
          },
      .changes = *operator_changes_});
  // Polls need a lease, and a part of the rate.
  membership_ = std::make_unique<FleetMembership>(FleetMembership::Parts{
      loop_, config_, *stores_.fleet, *engine_, *conductor_, *disk_, *stores_.ledger, notices_,
      [this](const std::vector<NodeRequest>& requests) { node_requests_->take(requests); }});
  return {};
}

/// Has new files in the inbox noticed at once. Without a watch the next scan finds them.
void Daemon::watch_inbox() {
  if (watch_) return;
  const auto& inbox = config_.paths.inbox;
  auto watch = InotifyWatch::make(loop_, inbox.string(), inbox / FolderInbox::kClaimed,
                                  [this](std::vector<InboxEvent> events, bool is_overflow) {
                                    scans_->on_events(std::move(events), is_overflow);
                                  });
  if (watch) watch_ = std::move(*watch);
  if (is_unwatched_ == !watch) return;
  is_unwatched_ = !watch;
  show_shortage(is_unwatched_, watch ? "new files in the inbox are noticed at once again"
                                     : "new files in the inbox are noticed by scans alone, up to "
                                       "some seconds later: " +
                                           watch.error().message);
}

Result<void> Daemon::open_to_the_world() {
  watch_inbox();
  const auto& inbox = config_.paths.inbox;
  if (shares_new_files(inbox.string())) {
    Notice notice(
        Event::inbox_shared,
        "members of its group can read one another's submissions: give the inbox a default "
        "ACL, as systemd/attestrd.tmpfiles does");
    notice.file = inbox.string();
    notices_.say(notice);
  }
  // Operators and Prometheus send their requests to the control server.
  auto control = ControlServer::open(loop_, config_.admin, control_routes(questions()));
  if (!control) return control.error();
  control_.emplace(std::move(*control));
  if (hint_secrets_)
    if (auto opened = open_hint_server(); !opened) return opened;
  // systemd and shells control the daemon by signals.
  signals_ = std::make_unique<Signals>(
      loop_, [this] { lifecycle_->stop(); }, [this] { reload_->run([](const ReloadOutcome&) {}); });
  return {};
}

/// Starts the server of hints. Each webhook of Attestr causes the next poll of a handshake at once.
Result<void> Daemon::open_hint_server() {
  const auto secrets = std::exchange(hint_secrets_, std::nullopt);
  auto hints = HintServer::open(
      loop_, config_.hints, *secrets,
      [this](const HandshakeId& id, HintServer::OnHinted on_hinted) {
        conductor_->ask(HintCommand{id}, [on_hinted = std::move(on_hinted)](EngineAnswer answer) {
          on_hinted(std::get<Hinted>(answer));
        });
      });
  if (!hints) return hints.error();
  hints_ = std::move(*hints);
  return {};
}

/// Returns the counters of all parts except the engine.
Metrics Daemon::counters() const {
  Metrics counters = notices_.counters();
  if (hints_) counters.merge(hints_->counters());
  return counters;
}

Questions Daemon::questions() {
  return {
      .ask_engine =
          [this](EngineCommand command, Questions::OnAnswer on_answer) {
            conductor_->ask(std::move(command), std::move(on_answer));
          },
      .look_up = [this](const HandshakeId& id,
                        Questions::OnFound on_found) { disk_->look_up(id, std::move(on_found)); },
      .look_up_ended =
          [this](EndedQuery query, Questions::OnEnded on_ended) {
            disk_->look_up_ended(std::move(query), std::move(on_ended));
          },
      .reload = [this](Questions::OnReloaded on_reloaded) { reload_->run(std::move(on_reloaded)); },
      .facts =
          [this] {
            return DaemonFacts{::getpid(),
                               started_at_,
                               counters(),
                               reload_->state(),
                               disk_->busy_for(read_clocks().mono),
                               lifecycle_->is_stopping(),
                               disk_events_->inbox_files(),
                               waiting_->is_full(),
                               membership_ && membership_->has_lost_commits(),
                               membership_ ? std::optional(membership_->counts()) : std::nullopt};
          },
      .measure = [this](Metrics& metrics) { measure(metrics); },
      .now = read_clocks,
      .last_endings = [this] { return notices_.last_endings(); },
      .backup = [this] { return backup_->source(); },
      .retry =
          [this](const std::vector<HandshakeId>& ids, bool even_completed,
                 Questions::OnRetried on_retried) {
            retries_->retry(ids, even_completed, std::move(on_retried));
          },
      .readmit =
          [this](std::vector<std::string> files, bool are_named,
                 Questions::OnReadmitted on_readmitted) {
            retries_->readmit(std::move(files), are_named, std::move(on_readmitted));
          },
      .pause =
          [this](bool is_paused, Questions::OnPaused on_paused) {
            operator_changes_->pause(is_paused, std::move(on_paused));
          },
      .hold =
          [this](const std::vector<HandshakeId>& ids, bool is_held, Questions::OnHeld on_held) {
            operator_changes_->hold(ids, is_held, std::move(on_held));
          },
      .cancel =
          [this](const std::vector<HandshakeId>& ids, Questions::OnCancelled on_cancelled) {
            operator_changes_->cancel(ids, std::move(on_cancelled));
          },
      .fleet =
          others_ ? std::optional(others_->questions(fleet_node_name(config_))) : std::nullopt};
}

void Daemon::measure(Metrics& metrics) const {
  measure_process(metrics);
  notices_.measure(metrics);
  poller_->measure(metrics);
  levels_->measure(metrics, read_clocks().wall);
  if (membership_) membership_->measure(metrics);
}

Result<std::unique_ptr<Backup>> Daemon::begin_backup() const {
  if (stores_.sqlite == nullptr)
    return fail(Errc::unavailable, "the queue is in a database, which its own tools back up");
  auto copy = stores_.sqlite->copy(queue_copy_file(config_).string());
  if (!copy) return copy.error();
  return std::make_unique<Backup>(std::move(*copy), *stores_.spool, *stores_.spool_root);
}

void Daemon::add_chores() {
  chores_.add(kPurgeInterval, [this] {
    if (!expiry_->may_purge()) return;
    disk_->purge_tombstones(tombstone_life(std::chrono::days(config_.paths.tombstone_days),
                                           std::chrono::days(config_.spool.keep_days)));
  });
  if (const auto interval = notifier_.watchdog_interval())
    chores_.add(*interval, [this] { feed_watchdog(); });
  chores_.add(kShowInterval, [this] { show_progress(); });
  chores_.add(kSocketInterval, [this] { keep_control_socket(); });
  chores_.add(kWatchInterval, [this] { watch_inbox(); });
  if (membership_) chores_.add(FleetMembership::kTickInterval, [this] { membership_->tick(); });
  chores_.add(kSpoolInterval, [this] {
    waiting_->check(read_clocks().mono);
    levels_->check(read_clocks().mono);
    expiry_->check(read_clocks().mono);
  });
}

void Daemon::feed_watchdog() {
  const auto is_in_time = [this] {
    const auto wake = engine_->next_wake();
    return !wake || read_clocks().mono < std::max(*wake, conductor_->last_step()) + kLateLoop;
  };
  // After the machine was suspended, the timer of the conductor rings up to half a minute late.
  if (!is_in_time()) conductor_->step(Woke{});
  if (is_in_time()) notifier_.feed_watchdog();
}

void Daemon::keep_control_socket() {
  const auto restored = control_->restore_socket();
  if (restored && *restored)
    notices_.say(Notice(Event::control_restored, "the control socket is made again"));
  if (std::exchange(is_control_lost_, !restored) || restored) return;
  notices_.say(Notice(Event::control_lost, restored.error().message));
}

void Daemon::show_shortage(bool is_short, const std::string& what) {
  notices_.say(Notice(is_short ? Event::system_shortage : Event::system_room, what));
}

void Daemon::show_stall(bool is_stalled) {
  if (is_stalled == std::exchange(is_disk_stalled_, is_stalled)) return;
  notices_.say(is_stalled
                   ? Notice(Event::disk_stalled, "a write or sync has not returned for 10 seconds")
                   : Notice(Event::disk_moves, "the disk has answered again"));
}

void Daemon::show_progress() {
  const bool is_short = poller_->is_short();
  if (is_short != std::exchange(are_connections_short_, is_short))
    show_shortage(is_short, is_short ? "polls wait for the connections that are open"
                                     : "all connections can be opened again");
  const Now now = read_clocks();
  show_stall(disk_->busy_for(now.mono) >= limits::kDiskStall);
  const EngineReport report = engine_->report(now);
  const auto delivered = static_cast<std::uint64_t>(
      notices_.counters().total(Metric::handshakes_ended, name_of(Outcome::completed)));
  notifier_.status(fmt::format("{} pending, {} delivered{}{}{}", report.pending, delivered,
                               report.operator_pause ? ", paused by an operator" : "",
                               report.paused_for ? ", account paused" : "",
                               reload_->state().is_refused ? ", configuration file refused" : ""));
  if (options_.until_empty) progress_.show(report.pending, delivered, now.mono);
}

/// Shows the fleet, in which this process has entered, that its start makes progress.
void Daemon::show_start_moves() {
  if (stores_.start_beats) stores_.start_beats->moved();
}

void Daemon::announce_start() {
  Notice started(Event::daemon_started, fmt::format("attestrd {} polls https://{}", kVersion,
                                                    authority_of(config_.api.url)));
  started.count = engine_->report(read_clocks()).pending;
  notices_.say(started);
  const auto wanted = config_.api.connections;
  if (const auto most = connections_within_limit(wanted); most < wanted)
    show_shortage(true, fmt::format("{} of {} connections are used: at most {} descriptors may be "
                                    "open; raise LimitNOFILE= of the unit",
                                    most, wanted, descriptor_limit()));
  Notice cadence(Event::cadence_chosen, "polls by exponential backoff");
  if (config_.poll.cadence == CadenceKind::adaptive) {
    cadence.message = "adaptive cadence; completions learnt are in `count`";
    cadence.count = static_cast<std::uint64_t>(completions_learnt_);
  }
  notices_.say(cadence);
}

int Daemon::run() {
  if (was_stopped_) {
    notices_.say(Notice(Event::daemon_stopped, "attestrd has stopped"));
    return 0;
  }
  announce_start();
  notifier_.ready();
  waiting_->count_at_start();
  scans_->scan();
  chores_.start();
  // From here on the membership beats: only one thread may use the register.
  stores_.start_beats.reset();
  if (membership_) membership_->start();
  return lifecycle_->run();
}

}  // namespace

int run_daemon(const Config& config, Secrets secrets, const RunOptions& options) {
  keep_memory_private();
  return_large_memory();
  raise_descriptor_limit();
  ::tzset();  // The first conversion of a time would read the time zone on the event loop.
  auto log = open_log(config.log.file);
  if (!log) return exit_with(log.error());
  // A reload reads the certificates as the same user.
  auto recipients = read_recipients(config, read_clocks().wall);
  if (!recipients) return exit_with(recipients.error());
  Daemon daemon(config, options, *std::move(recipients), *std::move(log));
  if (auto assembled = daemon.assemble(std::move(secrets)); !assembled) {
    return exit_with(assembled.error());
  }
  return daemon.run();
}

}  // namespace attestrd
