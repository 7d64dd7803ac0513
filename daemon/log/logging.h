#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "log/notice.h"
#include "daemon/log/log_line.h"

namespace spdlog {
class async_logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace attestrd {

/// The log. write() never waits for whoever reads it: lines wait in a bounded queue for a thread
/// that writes them; when it is full the oldest are dropped, and `log.dropped` stands in their
/// place with their count. A reader that is gone stops the log, not the daemon.
class Logger {
 public:
  /// `descriptor` is stdout, and stays open while the logger lives. SIGPIPE must be ignored.
  Logger(Level least, LogFormat format, int descriptor);

  /// Writes what waits; gives up on a reader that takes nothing for a second.
  ~Logger();

  /// May be called by any thread.
  void write(const Notice& notice);

  /// Notices below it are not written. On a reload.
  void set_level(Level least) { least_ = least; }
  void set_format(LogFormat format) { format_ = format; }

 private:
  class Sink;

  std::atomic<Level> least_;
  std::atomic<LogFormat> format_;
  std::shared_ptr<spdlog::details::thread_pool> thread_;
  std::shared_ptr<Sink> sink_;
  std::shared_ptr<spdlog::async_logger> lines_;
};

}  // namespace attestrd
