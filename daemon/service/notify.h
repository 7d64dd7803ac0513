#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace attestrd {

/// Notifications to systemd: sd_notify(3). Does nothing if $NOTIFY_SOCKET is not set.
class Notifier {
 public:
  /// Reports that recovery or a reload is complete.
  void ready();
  void stopping();

  /// Reports that a reload begins; ready() must follow at its end.
  void reloading();

  /// Sets the line that `systemctl status` shows. Every user may read it, so it must contain no id.
  void status(const std::string& text);

  /// Reports that the event loop runs and that the parts it drives make progress.
  void feed_watchdog();

  /// Returns the interval between two feeds of the watchdog, half of the unit's timeout. Returns
  /// nothing if there is no watchdog.
  std::optional<Duration> watchdog_interval() const;
};

}  // namespace attestrd
