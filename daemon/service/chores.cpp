#include "daemon/service/chores.h"

#include <utility>

namespace attestrd {

void call_after(boost::asio::steady_timer& timer, Duration delay, std::function<void()> then) {
  timer.expires_after(delay);
  timer.async_wait([then = std::move(then)](boost::system::error_code error) {
    if (!error) then();
  });
}

void Chores::add(Duration interval, std::function<void()> job) {
  chores_.push_back({interval, std::move(job), boost::asio::steady_timer(loop_)});
}

void Chores::start() {
  for (Chore& chore : chores_) run(chore);
}

void Chores::run(Chore& chore) {
  chore.job();
  call_after(chore.timer, chore.interval, [&chore] { run(chore); });
}

}  // namespace attestrd
