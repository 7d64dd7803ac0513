#include "files/posix_sync_times.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace attestrd {
namespace {

struct Totals {
  std::array<std::atomic<std::uint64_t>, SyncTimes::kBounds_s.size() + 1> counts{};
  std::atomic<std::uint64_t> sum_ns = 0;
};

constinit Totals totals;

}  // namespace

SyncTimes sync_times() {
  SyncTimes times;
  for (std::size_t i = 0; i < times.counts.size(); ++i) times.counts[i] = totals.counts[i];
  times.sum_s = static_cast<double>(totals.sum_ns) / 1e9;
  return times;
}

TimedSync::~TimedSync() {
  const std::chrono::nanoseconds lasted = std::chrono::steady_clock::now() - began_;
  const auto lasted_s = std::chrono::duration<double>(lasted).count();
  const auto bucket =
      std::ranges::lower_bound(SyncTimes::kBounds_s, lasted_s) - SyncTimes::kBounds_s.begin();
  ++totals.counts[static_cast<std::size_t>(bucket)];
  totals.sum_ns += static_cast<std::uint64_t>(lasted.count());
}

}  // namespace attestrd
