#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/time.h"
#include "daemon/config/config.h"
#include "daemon/control/questions.h"
#include "daemon/service/notice_writer.h"
#include "daemon/service/notify.h"
#include "poll/https_poller.h"
#include "runtime/conductor.h"
#include "verify/verifier.h"

namespace attestrd {

/// Reads the configuration and the secrets again (SIGHUP, `attestrd reload`) and passes them to the
/// parts of the running daemon. A file with an error, or with a change that needs a restart,
/// changes nothing.
class Reload {
 public:
  /// The parts must outlive the Reload.
  struct Parts {
    Config& config;
    Verifier& verifier;
    HttpsPoller& poller;
    Conductor& conductor;
    NoticeWriter& notices;
    Notifier& notifier;
  };

  Reload(std::filesystem::path file, Parts parts, Wall now)
      : file_(std::move(file)), parts_(parts), state_{false, now} {}

  /// Everything holds when this returns.
  ReloadOutcome run(Wall now);

  ConfigState state() const { return state_; }

 private:
  Result<void> apply(const Config& config);

  std::filesystem::path file_;
  Parts parts_;
  ConfigState state_;
};

}  // namespace attestrd
