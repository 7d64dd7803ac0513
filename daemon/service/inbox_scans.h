#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/time.h"
#include "runtime/disk_worker.h"

namespace attestrd {

/// Schedules the scans of the inbox: one at every hint, and one at the latest
/// limits::kInboxScanInterval after the last.
class InboxScans {
 public:
  InboxScans(boost::asio::io_context& loop, DiskWorker& disk) : disk_(disk), timer_(loop) {}

  /// Scans now, and again after the interval.
  void scan();
  void scan_after(Duration delay);

  /// Suspends scans while accepted ids can't be stored. Each pause() needs one resume().
  void pause() { ++pauses_; }
  void resume() { --pauses_; }

  /// Ends scans permanently.
  void stop();

 private:
  DiskWorker& disk_;
  boost::asio::steady_timer timer_;
  int pauses_ = 0;
  bool is_stopped_ = false;
};

}  // namespace attestrd
