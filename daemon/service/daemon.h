#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <filesystem>
#include <memory>
#include <optional>

#include "daemon/service/assemble.h"
#include "daemon/config/config.h"
#include "daemon/control/control_server.h"
#include "engine/engine.h"
#include "files/posix_lock.h"
#include "inbox/folder_inbox.h"
#include "inbox/inotify_watch.h"
#include "ledger/ledger.h"
#include "daemon/log/logging.h"
#include "daemon/service/notify.h"
#include "poll/https_poller.h"
#include "daemon/service/progress.h"
#include "queue/sqlite_queue.h"
#include "runtime/conductor.h"
#include "runtime/disk_worker.h"
#include "daemon/service/signals.h"
#include "spool/folder_spool.h"
#include "daemon/control/status.h"
#include "verify/verifier.h"

namespace attestrd {

/// The daemon as it runs: what assemble.cpp has put together, and what happens to it from outside.
class Daemon {
 public:
  Daemon(const Config& config, const RunOptions& options);
  ~Daemon();

  /// Builds all objects and recovers; nothing is polled before it returns. assemble.cpp.
  Result<void> assemble(Secrets secrets);

  /// Runs until a signal, an empty inbox and queue (`until_empty`), or a failure. The exit code.
  int run();

 private:
  // assemble.cpp
  Result<void> open_stores();
  Result<void> open_poller(Secrets& secrets);
  Result<void> load_queue();

  // daemon.cpp
  void on_report(const RoundReport& report);
  void on_disk_full(const Error& error);
  void on_disk_room();
  void on_queue_unavailable(const Error& error);
  void on_queue_available();
  void on_failure(const Error& error);
  void scan_inbox();
  void scan_again_after(Duration delay);
  void purge_tombstones();
  void feed_watchdog();
  void show_every_second();
  void say_cadence();
  void reload();
  Result<void> take_config(const Config& config);
  void begin_stop();
  void end_stop();
  void wait_until_quiet(Mono give_up_at);
  void say(const Notice& notice);
  StatusReport status() const;
  StatusReport::Daemon daemon_status(const EngineReport& report, Now now) const;
  std::optional<ExplainReport> explain_waiting(const HandshakeId& id) const;
  void explain(const HandshakeId& id, ControlServer::OnExplained on_explained);

  Config config_;
  RunOptions options_;
  boost::asio::io_context& loop_;
  Logger log_;
  Notifier notifier_;
  ProgressLine progress_;
  Wall started_at_;
  Metrics counters_;
  double completions_learnt_ = 0;  ///< By the daemons before.

  std::optional<FileLock> queue_lock_;
  std::optional<FileLock> spool_lock_;
  std::optional<FileLock> inbox_lock_;
  std::unique_ptr<SqliteQueue> queue_;
  std::unique_ptr<FolderSpool> spool_;
  std::unique_ptr<FolderInbox> inbox_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Conductor> conductor_;
  std::unique_ptr<HttpsPoller> poller_;
  std::unique_ptr<DiskWorker> disk_;
  std::unique_ptr<InotifyWatch> watch_;
  std::optional<ControlServer> control_;
  std::unique_ptr<Signals> signals_;

  boost::asio::steady_timer scan_timer_{loop_};
  boost::asio::steady_timer purge_timer_{loop_};
  boost::asio::steady_timer watchdog_timer_{loop_};
  boost::asio::steady_timer show_timer_{loop_};
  boost::asio::steady_timer stop_timer_{loop_};
  bool is_stopping_ = false;
  bool is_intake_paused_ = false;
  bool is_queue_unavailable_ = false;
  bool is_burst_ = false;  // The inbox held more than one round takes in.
  int exit_code_ = 0;
};

/// The settings of the configuration that the engine decides by.
EngineSettings engine_settings(const Config& config);
HttpsPollerSettings poller_settings(const Config& config, Secret auth_token);

}  // namespace attestrd
