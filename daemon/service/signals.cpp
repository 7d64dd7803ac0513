#include "daemon/service/signals.h"

#include <chrono>
#include <csignal>
#include <utility>

namespace attestrd {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP};

void change_mask(int how) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : kSignals) sigaddset(&signals, signal);
  pthread_sigmask(how, &signals, nullptr);
}

}  // namespace

void hold_signals() { change_mask(SIG_BLOCK); }

bool wait_for_stop(Duration most) {
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(most);
  const timespec wait{seconds.count(), std::chrono::nanoseconds(most - seconds).count()};
  return sigtimedwait(&stops, nullptr, &wait) > 0;
}

Signals::Signals(boost::asio::io_context& loop, std::function<void()> on_stop,
                 std::function<void()> on_reload)
    : signals_(loop, SIGTERM, SIGINT, SIGHUP),
      on_stop_(std::move(on_stop)),
      on_reload_(std::move(on_reload)) {
  wait();
  change_mask(SIG_UNBLOCK);
}

Signals::~Signals() {
  boost::system::error_code ignored;
  signals_.clear(ignored);
  for (const int signal : kSignals) std::signal(signal, SIG_IGN);
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
