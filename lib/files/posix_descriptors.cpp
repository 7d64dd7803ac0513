#include "files/posix_descriptors.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace attestrd {
namespace {

rlimit read_limit() {
  rlimit limit{};
  ATTESTRD_CHECK(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  return limit;
}

}  // namespace

void raise_descriptor_limit() {
  rlimit limit = read_limit();
  limit.rlim_cur = limit.rlim_max;
  // If the system does not permit that, the daemon opens fewer connections.
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

std::uint32_t connections_within_limit(std::uint32_t wanted) {
  constexpr std::uint64_t kOwn = limits::kOwnDescriptors;
  const auto left = std::max(descriptor_limit(), kOwn + 1) - kOwn;
  const auto spare = std::min<std::uint64_t>(left / 8, limits::kSpareDescriptorsMost);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, left - spare));
}

std::uint64_t descriptor_limit() { return read_limit().rlim_max; }

}  // namespace attestrd
