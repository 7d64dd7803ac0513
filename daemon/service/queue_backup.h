#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/router.h"
#include "ledger/backup.h"
#include "runtime/disk_worker.h"

namespace attestrd {

/// Makes a backup of the queue while the daemon runs, on the thread of the disk worker: each slice
/// is a job between two rounds. One backup is made at a time.
class QueueBackup {
 public:
  using Begin = std::function<Result<std::unique_ptr<Backup>>()>;

  /// `begin` runs on the disk worker's thread.
  QueueBackup(DiskWorker& disk, boost::asio::any_io_executor loop, Begin begin)
      : disk_(disk), loop_(std::move(loop)), begin_(std::move(begin)) {}

  /// Returns the bytes of a new backup, which is made once it is opened.
  std::shared_ptr<BodySource> source();

 private:
  using OnOpen = std::function<void(Result<std::uint64_t>)>;
  using OnPart = std::function<void(std::string)>;

  class Source;

  void open(OnOpen on_open);
  void do_slice(OnOpen on_open);
  void read(std::uint64_t offset, OnPart on_part);
  void end();

  DiskWorker& disk_;
  boost::asio::any_io_executor loop_;
  Begin begin_;
  bool is_busy_ = false;            ///< Belongs to the event loop.
  std::unique_ptr<Backup> backup_;  ///< Belongs to the disk worker while that runs.
};

}  // namespace attestrd
