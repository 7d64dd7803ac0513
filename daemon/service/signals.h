#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>

namespace attestrd {

/// The signals of the daemon, as events of its loop.
class Signals {
 public:
  /// `on_stop` follows each SIGTERM and SIGINT, `on_reload` each SIGHUP.
  Signals(boost::asio::io_context& loop, std::function<void()> on_stop,
          std::function<void()> on_reload);

  /// From here on the process is about to end, and the same signals change nothing any more: one
  /// that comes late must not make a death of a good end.
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
