#include "daemon/service/fleet/start_beats.h"

#include "runtime/system_clock.h"

namespace attestrd {

StartBeats::StartBeats(FleetRegister& fleet, Duration lease)
    : fleet_(fleet), lease_(lease), moved_at_(read_clocks().mono) {
  thread_ = std::thread([this] { run(); });
}

StartBeats::~StartBeats() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

void StartBeats::moved() { moved_at_ = read_clocks().mono; }

void StartBeats::run() {
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    // One that fails is made up for by the next one, or the others take over.
    if (read_clocks().mono - moved_at_.load() <= lease_) static_cast<void>(fleet_.beat({}));
    lock.lock();
  } while (!stopped_.wait_for(lock, lease_ / 3, [this] { return stopping_; }));
}

}  // namespace attestrd
