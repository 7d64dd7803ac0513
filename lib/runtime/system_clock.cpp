#include "runtime/system_clock.h"

#include <ctime>

#include "base/check.h"

namespace attestrd {
namespace {

Duration read(clockid_t clock) {
  timespec time{};
  ATTESTRD_CHECK(clock_gettime(clock, &time) == 0);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec / 1000);
}

}  // namespace

Now read_clocks() { return {Mono(read(CLOCK_BOOTTIME)), Wall(read(CLOCK_REALTIME))}; }

}  // namespace attestrd
