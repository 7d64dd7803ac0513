#include "daemon/log/logging.h"

#include <poll.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/log/journal.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

std::string line_of(const Notice& notice, LogFormat format, bool is_for_journal) {
  auto line = format_log_line(notice, read_clocks().wall, format);
  return is_for_journal ? with_priority(notice.level, line) : line;
}

/// Capacity of the queue in lines: 4 MiB at some 500 bytes per line.
constexpr std::size_t kWaitingLines = 8192;

/// Bytes that a pipe accepts without blocking when poll() reports it writable: pipe(7).
constexpr std::size_t kPiece = PIPE_BUF;

constexpr int kPatienceMs = 1000;

}  // namespace

/// The consumer of the queue, on the writing thread. At the end of the queue it detects each gap
/// that dropped lines leave.
class Logger::Sink final : public spdlog::sinks::sink {
 public:
  Sink(spdlog::details::thread_pool& thread, const std::atomic<LogFormat>& format,
       Descriptor output)
      : thread_(thread),
        format_(format),
        output_(std::move(output)),
        is_journal_(attestrd::is_journal(output_.get())) {}

  ~Sink() override { Descriptor(next_output_.exchange(-1)); }

  /// Called by another thread than the one that writes, which closes the output before this one:
  /// that may block.
  void set_output(Descriptor output) {
    is_journal_ = attestrd::is_journal(output.get());
    const Descriptor never_used(next_output_.exchange(output.release()));
  }

  /// Collects the lines that are queued, so that they are written together.
  void log(const spdlog::details::log_msg& line) override {
    tell_of_dropped();
    add({line.payload.data(), line.payload.size()});
    if (thread_.queue_size() == 0) write_lines();
  }

  /// Returns the number of lines that were dropped.
  std::uint64_t dropped() const { return thread_.overrun_counter() + lost_; }

  /// Returns whether the lines have priorities.
  bool is_journal() const { return is_journal_; }

  /// Drops the queued lines once the reader has accepted nothing for kPatienceMs.
  void close() { closing_ = true; }

  /// Writes the collected lines. After the thread has ended, the last lines may still be collected
  /// here: the message that ended the thread was queued behind them.
  void write_lines() {
    if (const int next = next_output_.exchange(-1); next >= 0) output_ = Descriptor(next);
    write(lines_);
    lines_.clear();
  }

  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void tell_of_dropped() {
    const std::uint64_t dropped = this->dropped();
    if (dropped == told_of_) return;
    Notice notice(
        Event::log_dropped,
        "the reader of this log is too slow, or its disk is full; lines were dropped here");
    notice.count = dropped - told_of_;
    told_of_ = dropped;
    add(line_of(notice, format_, is_journal_));
  }

  void add(std::string_view line) {
    if (lines_.size() + line.size() > kPiece) write_lines();
    lines_ += line;
  }

  /// Writes lines. If the reader is gone, or the disk of the file is full, the rest is dropped.
  void write(std::string_view lines) {
    if (is_cut_ && !lines.empty()) is_cut_ = !write_all("\n").empty();
    const auto rest = write_all(lines);
    lost_ += static_cast<std::uint64_t>(std::ranges::count(rest, '\n'));
    const auto written = lines.substr(0, lines.size() - rest.size());
    if (!written.empty()) is_cut_ = written.back() != '\n';
  }

  /// Returns the part that was not written.
  std::string_view write_all(std::string_view text) {
    while (!text.empty() && wait_for_room()) {
      const ssize_t written = ::write(output_.get(), text.data(), std::min(text.size(), kPiece));
      if (written < 0 && errno != EINTR && errno != EAGAIN) break;
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    return text;
  }

  /// Waits until the descriptor is writable; returns false if the reader was given up. A plain
  /// write() to a pipe that no process reads would block for ever, and so would the daemon's exit.
  bool wait_for_room() {
    while (!given_up_) {
      pollfd ready{output_.get(), POLLOUT, 0};
      if (::poll(&ready, 1, kPatienceMs) != 0) return true;
      given_up_ = closing_;
    }
    return false;
  }

  spdlog::details::thread_pool& thread_;
  const std::atomic<LogFormat>& format_;
  Descriptor output_;
  std::atomic<int> next_output_ = -1;  // Owned; -1: none.
  std::atomic<bool> is_journal_;
  std::atomic<bool> closing_ = false;
  bool given_up_ = false;
  bool is_cut_ = false;  // The last line was not written to its end.
  std::atomic<std::uint64_t> lost_ = 0;
  std::uint64_t told_of_ = 0;
  std::string lines_;  ///< Complete lines of kPiece bytes together, or one longer line.
};

Logger::Logger(Level least, LogFormat format, Descriptor output)
    : least_(least),
      format_(format),
      thread_(std::make_shared<spdlog::details::thread_pool>(kWaitingLines, 1)),
      sink_(std::make_shared<Sink>(*thread_, format_, std::move(output))),
      lines_(std::make_shared<spdlog::async_logger>(
          "attestrd", sink_, thread_, spdlog::async_overflow_policy::overrun_oldest)) {}

Logger::~Logger() {
  sink_->close();
  thread_.reset();  // Joins the thread once the queue is empty.
  sink_->write_lines();
}

void Logger::set_output(Descriptor output) { sink_->set_output(std::move(output)); }

std::uint64_t Logger::dropped() const { return sink_->dropped(); }

void Logger::write(const Notice& notice) {
  if (notice.level < least_) return;
  const std::string line = line_of(notice, format_, sink_->is_journal());
  lines_->log(spdlog::level::info, std::string_view(line));
}

}  // namespace attestrd
