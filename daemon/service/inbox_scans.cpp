#include "daemon/service/inbox_scans.h"

#include "base/limits.h"
#include "daemon/service/chores.h"

namespace attestrd {

void InboxScans::scan() {
  if (is_stopped_) return;
  if (pauses_ == 0) disk_.scan_inbox();
  scan_after(limits::kInboxScanInterval);
}

void InboxScans::scan_after(Duration delay) {
  if (!is_stopped_) call_after(timer_, delay, [this] { scan(); });
}

void InboxScans::stop() {
  is_stopped_ = true;
  timer_.cancel();
}

}  // namespace attestrd
