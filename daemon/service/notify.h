#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace attestrd {

/// What the daemon tells systemd: sd_notify(3). Does nothing where no one asked to be told
/// ($NOTIFY_SOCKET).
class Notifier {
 public:
  /// Recovery is done, or a reload.
  void ready();
  void stopping();

  /// A reload begins; ready() ends it.
  void reloading();

  /// One line for `systemctl status`, which everybody may read: no ids.
  void status(const std::string& text);

  /// The loop has turned, and what it drives has made progress.
  void feed_watchdog();

  /// How often to feed it: half of what the unit allows. Nothing: there is none.
  std::optional<Duration> watchdog_interval() const;
};

}  // namespace attestrd
