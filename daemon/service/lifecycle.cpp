#include "daemon/service/lifecycle.h"

#include <boost/asio/post.hpp>

#include <utility>

#include "daemon/log/exit_code.h"
#include "daemon/service/chores.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

constexpr Duration kQuietCheckInterval = std::chrono::milliseconds(5);

}  // namespace

Lifecycle::Lifecycle(Parts parts, bool until_empty)
    : parts_(parts), until_empty_(until_empty), timer_(parts.loop) {}

int Lifecycle::run() {
  parts_.loop.run();
  if (exit_code_ == 0) parts_.notices.say(Notice(Event::daemon_stopped, "attestrd has stopped"));
  return exit_code_;
}

void Lifecycle::inbox_was_read(bool was_empty) {
  if (!until_empty_ || is_stopping_ || !parts_.engine.is_empty()) return;
  if (was_empty) {
    stop();
  } else {
    parts_.scans.scan();
  }
}

void Lifecycle::fail(const Error& error) {
  parts_.notices.say(Notice(Event::daemon_failed, error.message));
  // The exit code is that of an I/O error for every error: systemd restarts the daemon after it,
  // but not after the codes whose cause needs a person, such as permission. A malformed queue needs
  // one.
  exit_code_ =
      exit_code(error.code == Errc::invalid_input ? Errc::invalid_input : Errc::io_failure);
  parts_.loop.stop();
}

void Lifecycle::stop() {
  if (is_stopping_) return;
  is_stopping_ = true;
  parts_.notices.say(Notice(Event::daemon_stopping, "no new polls; finishing what is in flight"));
  parts_.notifier.stopping();
  parts_.scans.stop();
  parts_.conductor.step(Stop{});
  wait_until_quiet(read_clocks().mono + parts_.config.poll.shutdown_grace);
}

void Lifecycle::wait_until_quiet(Mono give_up_at) {
  if (parts_.engine.is_quiet() || read_clocks().mono >= give_up_at) return finish();
  call_after(timer_, kQuietCheckInterval, [this, give_up_at] { wait_until_quiet(give_up_at); });
}

void Lifecycle::finish() {
  parts_.poller.stop();
  parts_.disk.stop();
  // The last reports of the disk worker are queued in the loop, which must run them before it ends.
  boost::asio::post(parts_.loop, [this] { parts_.loop.stop(); });
}

}  // namespace attestrd
