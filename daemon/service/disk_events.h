#pragma once

#include <optional>

#include "base/result.h"
#include "daemon/service/inbox_scans.h"
#include "daemon/service/lifecycle.h"
#include "daemon/service/notice_writer.h"
#include "runtime/conductor.h"
#include "runtime/disk_worker.h"

namespace attestrd {

/// Forwards the reports of the disk worker to the parts that they concern.
class DiskEvents {
 public:
  /// The parts must outlive this object.
  DiskEvents(Conductor& conductor, InboxScans& scans, Lifecycle& lifecycle, NoticeWriter& notices)
      : conductor_(conductor), scans_(scans), lifecycle_(lifecycle), notices_(notices) {}

  void on_report(const RoundReport& report);
  void on_disk_full(const Error& error);
  void on_disk_room();
  void on_queue_unavailable(const Error& error);
  void on_queue_available();
  void on_failure(const Error& error);

  /// Returns the files of the inbox as of its last scan, or nothing before the first.
  const std::optional<InboxFiles>& inbox_files() const { return inbox_files_; }

 private:
  void give_memory_back(const RoundReport& report);

  Conductor& conductor_;
  InboxScans& scans_;
  Lifecycle& lifecycle_;
  NoticeWriter& notices_;
  std::optional<InboxFiles> inbox_files_;
  bool is_burst_ = false;  ///< The inbox contained more than one round accepts.
};

}  // namespace attestrd
