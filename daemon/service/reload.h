#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "daemon/config/config.h"
#include "daemon/config/recipients.h"
#include "daemon/control/questions.h"
#include "daemon/service/notice_writer.h"
#include "daemon/service/notify.h"
#include "poll/https_poller.h"
#include "runtime/conductor.h"
#include "runtime/disk_worker.h"
#include "runtime/side_thread.h"
#include "verify/verifier.h"

namespace attestrd {

/// Reads the configuration, the secrets and the certificates again (SIGHUP, `attestrd reload`) and
/// passes them to the parts of the running daemon. A file with an error, or with a change that
/// needs a restart, changes nothing. The files are read outside of the event loop.
class Reload {
 public:
  /// The parts must outlive the Reload.
  struct Parts {
    Config& config;
    Verifier& verifier;
    HttpsPoller& poller;
    Conductor& conductor;
    DiskWorker& disk;
    Ledger& ledger;  ///< Belongs to the disk worker.
    NoticeWriter& notices;
    Notifier& notifier;
  };

  Reload(boost::asio::any_io_executor loop, std::filesystem::path file, Parts parts, Wall now)
      : file_(std::move(file)), parts_(parts), state_{false, now}, reader_(std::move(loop)) {}

  /// Starts a reload. `on_reloaded` is called on the loop once everything holds, or nothing has
  /// changed.
  void run(Questions::OnReloaded on_reloaded);

  ConfigState state() const { return state_; }

 private:
  /// The contents of the files.
  struct Files {
    Config config;
    HttpsPollerSettings poller;
    Descriptor log;
    std::vector<Secret> client_secrets;
    std::vector<DoubtfulFile> doubtful;
    SecretNames names;
    Recipients recipients;
  };

  static Result<Files> read(const std::filesystem::path& file, const Config& before);
  void finish(Result<Files> files, const Questions::OnReloaded& on_reloaded);
  Result<void> apply(Files files);

  std::filesystem::path file_;
  Parts parts_;
  ConfigState state_;
  SideThread reader_;
};

}  // namespace attestrd
