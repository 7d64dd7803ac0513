#include "daemon/service/assemble.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "daemon/service/daemon.h"
#include "daemon/service/exit_code.h"
#include "files/posix_files.h"
#include "poll/https_tls_memory.h"
#include "runtime/entropy.h"
#include "runtime/system_clock.h"
#include "daemon/version.h"

namespace attestrd {
namespace {

constexpr std::size_t kRowsPerClaim = 4096;

/// The memory holds secrets and identities: no core file, and nobody of our own user may read it.
void keep_memory_private() {
#if !defined(__SANITIZE_ADDRESS__)  // whose leak check traces its own process
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/// Lives as long as the process: its end would wait for a look-up in DNS, which nothing breaks off.
boost::asio::io_context& event_loop() {
  static auto& loop = *new boost::asio::io_context(1);
  return loop;
}

template <class T>
Result<void> keep(Result<T> result, auto& place) {
  if (!result) return result.error();
  place = std::move(*result);
  return {};
}

}  // namespace

EngineSettings engine_settings(const Config& config) {
  return {.cadence = config.poll.cadence,
          .requests_per_second = config.api.requests_per_second,
          .daily_requests = config.api.daily_requests,
          .connections = config.api.connections,
          .min_interval = config.poll.min_interval,
          .max_interval = config.poll.max_interval,
          .backoff_factor = config.poll.backoff_factor,
          .give_up_after = config.poll.give_up_after,
          .expiry_grace = config.poll.expiry_grace,
          .unknown_grace = config.poll.unknown_grace,
          .signature_attempts = config.signature.signature_attempts,
          .logs_polls = config.log.level == Level::debug,
          .host = config.api.url.host};
}

HttpsPollerSettings poller_settings(const Config& config, Secret auth_token) {
  return {.endpoint = config.api.url,
          .version = config.api.version,
          .auth_token = std::move(auth_token),
          .user_agent = fmt::format("attestrd/{}", kVersion),
          .ca_file = config.api.ca_file.string(),
          .connections = config.api.connections,
          .connect_timeout = config.api.connect_timeout,
          .request_timeout = config.api.request_timeout,
          .max_response_bytes = config.api.max_response_bytes};
}

Daemon::Daemon(const Config& config, const RunOptions& options)
    : config_(config),
      options_(options),
      loop_(event_loop()),
      log_(config.log.level, config.log.format, STDOUT_FILENO),
      started_at_(read_clocks().wall) {}

// The hands refer to each other, and end in the opposite order of their making.
Daemon::~Daemon() = default;

Result<void> Daemon::assemble(Secrets secrets) {
  // Nobody else may write to what we are about to open, and what a crash left half done comes
  // first: no handshake may be polled whose record lies staged.
  if (auto opened = open_stores(); !opened) return opened;

  // The mind, with the one object that it asks: whether a result is signed.
  verifier_ = std::make_unique<Verifier>(std::move(secrets.client_secrets), config_.signature.form);
  engine_ =
      std::make_unique<Engine>(engine_settings(config_), *verifier_, draw_seed(), read_clocks());
  conductor_ = std::make_unique<Conductor>(loop_, *engine_, *verifier_,
                                           [this](const Notice& notice) { say(notice); });

  // The two hands that report back to it: one asks Attestr, one writes to disk.
  if (auto opened = open_poller(secrets); !opened) return opened;
  disk_ = std::make_unique<DiskWorker>(
      *ledger_, loop_.get_executor(), [] { return read_clocks().wall; },
      DiskWorker::Events{
          .report = [this](const RoundReport& report) { on_report(report); },
          .disk_full = [this](const Error& error) { on_disk_full(error); },
          .disk_room = [this] { on_disk_room(); },
          .queue_unavailable = [this](const Error& error) { on_queue_unavailable(error); },
          .queue_available = [this] { on_queue_available(); },
          .failed = [this](const Error& error) { on_failure(error); }});
  conductor_->connect(*poller_, *disk_);
  // Until all of it is read the queue is ours, and what the mind wants written meanwhile waits.
  if (auto loaded = load_queue(); !loaded) return loaded;
  disk_->start();

  // The doors to the world: new files in the inbox, whoever asks how we are, and the signals.
  if (auto watch =
          InotifyWatch::make(loop_, config_.paths.inbox.string(), [this] { scan_inbox(); })) {
    watch_ = std::move(*watch);
  }  // Without it the scan comes a little later.
  auto control = ControlServer::open(
      loop_, config_.admin, [this] { return status(); },
      [this](const HandshakeId& id, ControlServer::OnExplained on_explained) {
        explain(id, std::move(on_explained));
      });
  if (!control) return control.error();
  control_.emplace(std::move(*control));
  signals_ = std::make_unique<Signals>(
      loop_, [this] { begin_stop(); }, [this] { reload(); });
  return {};
}

Result<void> Daemon::open_stores() {
  auto root = PosixDirectory::open(config_.paths.spool.string());
  if (!root) return root.error();
  auto inbox = PosixDirectory::open(config_.paths.inbox.string());
  if (!inbox) return inbox.error();
  if (auto locked = keep(FileLock::acquire(queue_lock_file(config_).string()), queue_lock_);
      !locked) {
    return locked;
  }
  if (auto locked = keep(FileLock::acquire((config_.paths.spool / ".lock").string()), spool_lock_);
      !locked) {
    return locked;
  }
  if (auto locked = keep(FileLock::acquire_folder(config_.paths.inbox.string()), inbox_lock_);
      !locked) {
    return locked;
  }
  if (auto opened = keep(FolderSpool::open(**root), spool_); !opened) return opened;
  auto refused = open_refused(**root);
  if (!refused) return refused.error();
  inbox_ = std::make_unique<FolderInbox>(std::move(*inbox), std::move(*refused));
  if (auto opened = keep(SqliteQueue::open(config_.paths.queue.string()), queue_); !opened) {
    return opened;
  }

  ledger_ = std::make_unique<Ledger>(*inbox_, *queue_, *spool_);
  auto notices = ledger_->recover(read_clocks().wall);
  if (!notices) return notices.error();
  for (const Notice& notice : *notices) say(notice);
  return {};
}

Result<void> Daemon::open_poller(Secrets& secrets) {
  const auto on_reply = [this](Poller::Ticket ticket, const PollReply& reply, std::string& body) {
    conductor_->replied(ticket, reply, body);
  };
  return keep(
      HttpsPoller::make(loop_, poller_settings(config_, std::move(secrets.auth_token)), on_reply),
      poller_);
}

Result<void> Daemon::load_queue() {
  const auto counts = queue_->count();
  if (!counts) return counts.error();
  const auto learnt = queue_->learnt();
  if (!learnt) return learnt.error();
  if (*learnt) {
    completions_learnt_ = (*learnt)->completions();
    conductor_->step(Learnt{&**learnt});
  }
  const auto reserved = queue_->reserved();
  if (!reserved) return reserved.error();
  if (*reserved) conductor_->step(Recalled{**reserved});
  conductor_->step(Recovering{counts->polling});
  for (;;) {
    const auto rows = ledger_->claim(kRowsPerClaim);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    for (const QueuedHandshake& row : *rows) conductor_->step(Adopted{&row, false});
  }
  malloc_trim(0);  // What the reading took goes back to the system.
  return {};
}

int run_daemon(const Config& config, Secrets secrets, const RunOptions& options) {
  keep_memory_private();
  ATTESTRD_CHECK(keep_small_blocks_for_openssl());  // Nothing has used OpenSSL yet.
  Daemon daemon(config, options);
  if (auto assembled = daemon.assemble(std::move(secrets)); !assembled) {
    return exit_with(assembled.error());
  }
  return daemon.run();
}

}  // namespace attestrd
