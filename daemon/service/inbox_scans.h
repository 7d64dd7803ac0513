#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <vector>

#include "base/time.h"
#include "inbox/inbox.h"
#include "runtime/disk_worker.h"

namespace attestrd {

/// Decides when the inbox is scanned: in full each limits::kInboxScanInterval; in part at events,
/// and when a file is due.
class InboxScans {
 public:
  InboxScans(boost::asio::io_context& loop, DiskWorker& disk)
      : disk_(disk), full_timer_(loop), due_timer_(loop) {}

  /// Scans all now, and again after the interval.
  void scan();
  /// Scans what the events name. An overflow scans all.
  void on_events(std::vector<InboxEvent> events, bool is_overflow);
  /// Goes on with a scan that stopped at its bound, or with the files that are due.
  void go_on();
  void go_on_after(Duration delay);

  /// Stops the scans while accepted ids can't be stored. Each pause() needs its resume().
  void pause() { ++pauses_; }
  void resume() { --pauses_; }

  /// Stops the scans for good.
  void stop();

 private:
  void scan(bool is_full, std::vector<InboxEvent> events);

  DiskWorker& disk_;
  boost::asio::steady_timer full_timer_;
  boost::asio::steady_timer due_timer_;
  int pauses_ = 0;
  bool is_stopped_ = false;
};

}  // namespace attestrd
