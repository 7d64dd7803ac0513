#include "daemon/service/disk_events.h"

#include <malloc.h>

#include <utility>

namespace attestrd {

void DiskEvents::on_report(const RoundReport& report) {
  // The scan comes first, so that the next ids are written while the engine adopts these.
  if (report.inbox_has_more) scans_.go_on();
  conductor_.written(report);
  give_memory_back(report);
  if (report.inbox_files) inbox_files_ = report.inbox_files;
  if (lifecycle_.is_stopping() || report.inbox_has_more) return;
  if (report.inbox_due) scans_.go_on_after(*report.inbox_due);
  if (!report.inbox_waits) {
    lifecycle_.inbox_was_read(report.inbox_scanned && report.accepted.empty());
  }
}

/// Returns memory to the system at the end of a burst of submissions.
void DiskEvents::give_memory_back(const RoundReport& report) {
  if (!report.inbox_scanned) return;
  const bool was_burst = std::exchange(is_burst_, report.inbox_has_more);
  if (was_burst && !is_burst_) malloc_trim(0);
}

void DiskEvents::on_disk_full(const Error& error) {
  scans_.pause();
  notices_.say(
      Notice(Event::disk_full, "intake and polling wait until there is room: " + error.message));
  conductor_.step(DiskFull{});
}

void DiskEvents::on_disk_room() {
  scans_.resume();
  notices_.say(Notice(Event::disk_room, "there is room on the disk again; all goes on"));
  conductor_.step(DiskHasRoom{});
}

void DiskEvents::on_queue_unavailable(const Error& error) {
  scans_.pause();
  notices_.say(Notice(Event::queue_unavailable,
                      "intake and polling wait until the queue answers: " + error.message));
  conductor_.step(QueueUnavailable{});
}

void DiskEvents::on_queue_available() {
  scans_.resume();
  notices_.say(Notice(Event::queue_available, "the queue answers again; all goes on"));
  conductor_.step(QueueAvailable{});
}

// A failed write or sync is never retried, since the contents of the disk are unknown. Recovery
// determines them.
void DiskEvents::on_failure(const Error& error) { lifecycle_.fail(error); }

}  // namespace attestrd
