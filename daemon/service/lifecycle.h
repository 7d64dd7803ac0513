#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/result.h"
#include "base/time.h"
#include "daemon/config/config.h"
#include "daemon/service/inbox_scans.h"
#include "daemon/service/notice_writer.h"
#include "daemon/service/notify.h"
#include "poll/poller.h"
#include "runtime/conductor.h"
#include "runtime/disk_worker.h"

namespace attestrd {

/// Runs the event loop and ends it: on a signal, when no work is left (`until_empty`), or after a
/// failure. In an orderly shutdown no poll starts, polls in flight may finish within
/// `poll.shutdown_grace`, and the learnt observations are stored.
class Lifecycle {
 public:
  /// The parts that it runs and stops. They must outlive the Lifecycle.
  struct Parts {
    boost::asio::io_context& loop;
    const Config& config;  ///< Current as of the last reload.
    const Engine& engine;
    Conductor& conductor;
    Poller& poller;
    DiskWorker& disk;
    InboxScans& scans;
    NoticeWriter& notices;
    Notifier& notifier;
  };

  Lifecycle(Parts parts, bool until_empty);

  /// Runs until the daemon ends and returns the exit code of the process.
  int run();

  /// Begins an orderly shutdown. Later calls do nothing.
  void stop();
  bool is_stopping() const { return is_stopping_; }

  /// Must be called when the inbox has been read and the engine has adopted all its ids.
  void inbox_was_read(bool was_empty);

  /// Ends the loop at once: only a restart with recovery can continue.
  void fail(const Error& error);

 private:
  void wait_until_quiet(Mono give_up_at);
  void finish();

  Parts parts_;
  bool until_empty_;
  boost::asio::steady_timer timer_;
  bool is_stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace attestrd
