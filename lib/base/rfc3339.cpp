#include "base/rfc3339.h"

#include <fmt/chrono.h>

namespace attestrd {

std::string to_rfc3339(Wall time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%FT%T}.{:06}Z", fmt::gmtime(second.time_since_epoch().count()),
                     (time - second).count());
}

}  // namespace attestrd
