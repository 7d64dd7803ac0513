#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>

#include "base/time.h"

namespace attestrd {

/// Blocks the signals of the daemon until Signals exists. Those that arrive before, such as during
/// a long start, then become events too. Must be called before a thread is started, which inherits
/// the mask.
void hold_signals();

/// Waits until SIGTERM or SIGINT arrives, which then has no other effect, but at most so long.
/// Returns whether one arrived. The signals must be held.
bool wait_for_stop(Duration most);

/// The signals of the daemon, as events of its loop.
class Signals {
 public:
  /// Calls `on_stop` on each SIGTERM and SIGINT, `on_reload` on each SIGHUP.
  Signals(boost::asio::io_context& loop, std::function<void()> on_stop,
          std::function<void()> on_reload);

  /// Ignores the same signals until the process ends: a late signal must not turn a successful exit
  /// into a death by signal.
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void wait();

  boost::asio::signal_set signals_;
  std::function<void()> on_stop_;
  std::function<void()> on_reload_;
};

}  // namespace attestrd
