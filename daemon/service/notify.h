#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "files/posix_calls.h"

namespace attestrd {

/// Notifications to systemd: sd_notify(3). Does nothing if $NOTIFY_SOCKET is not set.
///
/// No call waits for the receiver, which may have stopped to read: sd_notify() itself would then
/// block the event loop. What could not be sent is sent by a later call, except a feed of the
/// watchdog, which is worth nothing later.
class Notifier {
 public:
  /// Reports that recovery or a reload is complete.
  void ready();
  /// Reports that the daemon stops. A reload that is under way is not reported any more.
  void stopping();

  /// Asks systemd to wait at least this long for ready().
  void extend_start(Duration time);

  /// Reports that a reload begins; ready() must follow at its end.
  void reloading();

  /// Sets the line that `systemctl status` shows; sends it if it has changed. Every user may read
  /// it, so it must contain no id. Must be called regularly, since it also sends what is unsent.
  void status(const std::string& text);

  /// Reports that the event loop runs and that the parts it drives make progress.
  void feed_watchdog();

  /// Returns the interval between two feeds of the watchdog, half of the unit's timeout. Returns
  /// nothing if there is no watchdog.
  std::optional<Duration> watchdog_interval() const;

 private:
  bool send(const std::string& state);
  void send_unsent();

  Descriptor socket_;
  std::vector<std::string> unsent_;  ///< Stages; a newer one replaces those that it ends.
  bool is_stopping_ = false;
  std::string status_;
  std::string sent_status_;
};

}  // namespace attestrd
