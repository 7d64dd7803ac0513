#include "daemon/service/inbox_scans.h"

#include <utility>

#include "base/limits.h"
#include "daemon/service/chores.h"

namespace attestrd {

void InboxScans::scan() {
  if (is_stopped_) return;
  scan(true, {});
  call_after(full_timer_, limits::kInboxScanInterval, [this] { scan(); });
}

void InboxScans::on_events(std::vector<InboxEvent> events, bool is_overflow) {
  if (!is_stopped_) scan(is_overflow, std::move(events));
}

void InboxScans::go_on() {
  if (!is_stopped_) scan(false, {});
}

void InboxScans::go_on_after(Duration delay) {
  if (!is_stopped_) call_after(due_timer_, delay, [this] { go_on(); });
}

// An event that comes during a pause is not lost: the next full scan finds the file.
void InboxScans::scan(bool is_full, std::vector<InboxEvent> events) {
  if (pauses_ == 0) disk_.scan_inbox({is_full, std::move(events)});
}

void InboxScans::stop() {
  is_stopped_ = true;
  full_timer_.cancel();
  due_timer_.cancel();
}

}  // namespace attestrd
