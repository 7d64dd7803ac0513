#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "daemon/config/secrets.h"
#include "daemon/control/fleet/fleet_questions.h"
#include "engine/command.h"
#include "fleet/fleet_counts.h"
#include "handshake/handshake_id.h"
#include "handshake/known_handshake.h"
#include "http/router.h"
#include "inbox/inbox.h"
#include "ledger/round.h"
#include "metrics/metrics.h"
#include "queue/queue.h"

namespace attestrd {

/// The state of the configuration file.
struct ConfigState {
  bool is_refused = false;  ///< The last reload changed nothing.
  Wall accepted_at{};       ///< When the configuration in use was read.
};

/// The outcome of a reload.
struct ReloadOutcome {
  std::optional<std::string> refusal;  ///< Why nothing has changed.
  std::vector<std::string> changed;    ///< Changed settings, such as `poll.min_interval = "5s"`.
  SecretNames secrets;
  std::vector<DoubtfulFile> doubtful;
  std::size_t recipients = 0;  ///< To whom answers are encrypted; 0: they are not.
};

/// Facts about the daemon that the engine does not have.
struct DaemonFacts {
  int pid = 0;
  Wall started_at{};
  Metrics counters;  ///< Counters that the engine does not keep; see Questions::measure.
  ConfigState config;
  Duration disk_round{0};  ///< For so long the current round of writes has run.
  bool is_stopping = false;
  std::optional<InboxFiles> inbox;      ///< As of the last scan.
  bool is_spool_full = false;           ///< `spool.max_waiting` records stop the intake.
  bool has_queue_lost_commits = false;  ///< And they are not written again yet.
  std::optional<FleetCounts> fleet{};   ///< As of the last beat; absent: there is no fleet.
};

/// A handshake that has ended, as the log describes it.
struct RecentEnding {
  Wall at{};
  std::string handshake;
  std::string outcome;
  std::string reason;  ///< Empty for `completed`.
};

/// The outcome of an operator's wish to end a handshake.
enum class CancelOutcome : std::uint8_t {
  cancelled,    ///< It has ended for this reason, and its record is published.
  completed,    ///< The result of the poll in flight came first, and is published.
  ended,        ///< It has ended by another answer to the poll in flight.
  ending,       ///< It had ended before, and its record is being written.
  not_pending,  ///< It is not pending.
};

/// The queries that routes can make. They are made on the event loop. Each answer is delivered on
/// the event loop, immediately or later, and not at all once the daemon stops.
struct Questions {
  using OnAnswer = std::function<void(EngineAnswer)>;
  using OnFound = std::function<void(Result<KnownHandshake>)>;
  using OnEnded = std::function<void(Result<std::vector<HandshakeId>>)>;
  using OnReloaded = std::function<void(const ReloadOutcome&)>;
  /// One answer for each id or file, in their order.
  using OnRetried = std::function<void(const std::vector<Retried>&)>;
  using OnReadmitted = std::function<void(const Result<std::vector<Readmitted>>&)>;
  using OnPaused = std::function<void(bool is_changed)>;
  using OnHeld = std::function<void(const std::vector<HoldAnswer>&)>;
  using OnCancelled = std::function<void(const std::vector<CancelOutcome>&)>;

  std::function<void(EngineCommand, OnAnswer)> ask_engine;   ///< Conductor::ask
  std::function<void(const HandshakeId&, OnFound)> look_up;  ///< DiskWorker::look_up
  std::function<void(EndedQuery, OnEnded)> look_up_ended{};  ///< DiskWorker::look_up_ended
  std::function<void(OnReloaded)> reload;                    ///< Reload::run
  std::function<DaemonFacts()> facts;
  /// Adds the counters that only the metrics show, and sets the gauges of the parts of the daemon.
  std::function<void(Metrics&)> measure = [](Metrics&) {};
  std::function<Now()> now;
  std::function<std::vector<RecentEnding>()> last_endings{};  ///< NoticeWriter::last_endings
  std::function<std::shared_ptr<BodySource>()> backup{};      ///< QueueBackup::source
  /// Retries::retry
  std::function<void(std::vector<HandshakeId>, bool even_completed, OnRetried)> retry{};
  /// Retries::readmit
  std::function<void(std::vector<std::string> files, bool are_named, OnReadmitted)> readmit{};
  /// OperatorChanges::pause, hold and cancel
  std::function<void(bool is_paused, OnPaused)> pause{};
  std::function<void(std::vector<HandshakeId>, bool is_held, OnHeld)> hold{};
  std::function<void(std::vector<HandshakeId>, OnCancelled)> cancel{};
  std::optional<FleetQuestions> fleet{};  ///< Absent: the queue is this daemon's alone.
};

}  // namespace attestrd
