#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace attestrd {

/// The durations of all syncs of this process so far, as a histogram. There is one for the process,
/// since each file and folder syncs itself, on any thread.
struct SyncTimes {
  /// The upper bounds of all buckets except the last, in seconds: those of Metric::sync_duration.
  static constexpr std::array kBounds_s = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                           0.1,    0.25,  0.5,    1.0,   2.5,  10.0};

  std::array<std::uint64_t, kBounds_s.size() + 1> counts{};  ///< Not cumulative.
  double sum_s = 0;
};

/// Returns the durations so far. May be called on any thread.
SyncTimes sync_times();

/// Counts the time of its own life as that of one sync.
class TimedSync {
 public:
  TimedSync() = default;
  ~TimedSync();
  TimedSync(TimedSync&&) = delete;

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace attestrd
