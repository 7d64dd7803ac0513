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

 private:
  void wait();

  boost::asio::signal_set signals_;
  std::function<void()> on_stop_;
  std::function<void()> on_reload_;
};

}  // namespace attestrd
