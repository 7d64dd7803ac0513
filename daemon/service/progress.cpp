#include "daemon/service/progress.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <string_view>

namespace attestrd {
namespace {

constexpr std::string_view kWipe = "\r\x1b[K";  // ECMA-48, 8.3.41: erase to the end of the line

/// The weight of the newest measurement: the rate adapts within some five measurements.
constexpr double kSmoothing = 0.3;

/// Writes what the terminal accepts at once: one that is stopped (Ctrl-S) would block the event
/// loop. A failed write is ignored: the next update shows the progress.
void write_to_terminal(int descriptor, std::string_view text) {
  pollfd ready{descriptor, POLLOUT, 0};
  if (::poll(&ready, 1, 0) != 1) return;
  [[maybe_unused]] const ssize_t written = ::write(descriptor, text.data(), text.size());
}

}  // namespace

ProgressLine::ProgressLine()
    : ProgressLine(::isatty(STDOUT_FILENO) && ::isatty(STDERR_FILENO) ? STDERR_FILENO : -1) {}

ProgressLine::~ProgressLine() {
  if (descriptor_ >= 0) write_to_terminal(descriptor_, kWipe);
}

void ProgressLine::show(std::uint64_t pending, std::uint64_t delivered, Mono now) {
  if (descriptor_ < 0) return;
  if (last_shown_ != Mono::min() && now > last_shown_) {
    const double seconds = std::chrono::duration<double>(now - last_shown_).count();
    const double rate = static_cast<double>(delivered - last_delivered_) / seconds;
    const double share = rate_per_second_ == 0 ? 1 : kSmoothing;
    rate_per_second_ += share * (rate - rate_per_second_);
  }
  last_shown_ = now;
  last_delivered_ = delivered;
  // The cursor stays in the first column, so that a line of the log overwrites this one.
  write_to_terminal(descriptor_, fmt::format("{}{} pending, {} delivered, {:.1f}/s\r", kWipe,
                                             pending, delivered, rate_per_second_));
}

}  // namespace attestrd
