#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "daemon/log/log_line.h"
#include "files/posix_calls.h"
#include "log/notice.h"

namespace spdlog {
class async_logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace attestrd {

/// The log. write() never waits for the log's reader: lines wait in a bounded queue for a thread
/// that writes them. When the queue is full, the oldest lines are dropped, and `log.dropped` with
/// their count is written in their place. If the reader is gone, the log stops, not the daemon.
class Logger {
 public:
  /// The lines go to `output`: see open_log(). SIGPIPE must be ignored.
  Logger(Level least, LogFormat format, Descriptor output);

  /// Writes the queued lines. Gives up if the reader accepts nothing for a second.
  ~Logger();

  /// May be called by any thread.
  void write(const Notice& notice);

  /// Returns the number of lines that were dropped so far.
  std::uint64_t dropped() const;

  /// Sets the level below which notices are not written. Called on a reload.
  void set_level(Level least) { least_ = least; }
  void set_format(LogFormat format) { format_ = format; }

  /// Has all lines from now on, and those that are queued, go to `output`. Called on a reload: the
  /// file may have been renamed.
  void set_output(Descriptor output);

 private:
  class Sink;

  std::atomic<Level> least_;
  std::atomic<LogFormat> format_;
  std::shared_ptr<spdlog::details::thread_pool> thread_;
  std::shared_ptr<Sink> sink_;
  std::shared_ptr<spdlog::async_logger> lines_;
};

}  // namespace attestrd
