#include "runtime/system_clock.h"

#include <cstdlib>
#include <ctime>
#include <fstream>

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

std::string read_boot_id() {
  if (const char* const name = std::getenv("ATTESTRD_BOOT_ID"); name != nullptr) return name;
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  std::erase(id, '-');  // As systemd writes it.
  return id;
}

}  // namespace attestrd
