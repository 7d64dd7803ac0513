#include "daemon/service/signals.h"

#include <csignal>
#include <utility>

namespace attestrd {

Signals::Signals(boost::asio::io_context& loop, std::function<void()> on_stop,
                 std::function<void()> on_reload)
    : signals_(loop, SIGTERM, SIGINT, SIGHUP),
      on_stop_(std::move(on_stop)),
      on_reload_(std::move(on_reload)) {
  wait();
}

Signals::~Signals() {
  boost::system::error_code ignored;
  signals_.clear(ignored);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal, SIG_IGN);
}

void Signals::wait() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    wait();
    if (signal == SIGHUP) {
      on_reload_();
    } else {
      on_stop_();
    }
  });
}

}  // namespace attestrd
