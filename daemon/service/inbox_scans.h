#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/time.h"
#include "runtime/disk_worker.h"

namespace attestrd {

/// When the inbox is read: at every hint, and at the latest after limits::kInboxScanInterval.
class InboxScans {
 public:
  InboxScans(boost::asio::io_context& loop, DiskWorker& disk) : disk_(disk), timer_(loop) {}

  /// Now, and again after the interval.
  void scan();
  void scan_after(Duration delay);

  /// The inbox is not read while what is accepted can't be stored. Each pause() has its resume().
  void pause() { ++pauses_; }
  void resume() { --pauses_; }

  /// For good.
  void stop();

 private:
  DiskWorker& disk_;
  boost::asio::steady_timer timer_;
  int pauses_ = 0;
  bool is_stopped_ = false;
};

}  // namespace attestrd
