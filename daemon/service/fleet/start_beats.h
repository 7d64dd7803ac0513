#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/time.h"
#include "fleet/fleet_register.h"

namespace attestrd {

/// Beats for a process that has entered its fleet and recovers, or loads its rows: otherwise the
/// others would declare it dead if that takes longer than a lease. It follows from none of the
/// answers, since nothing is polled yet: FleetMembership begins with a beat of its own.
class StartBeats {
 public:
  /// Begins to beat at once. The register must outlive this object, which alone may use it.
  StartBeats(FleetRegister& fleet, Duration lease);
  ~StartBeats();
  StartBeats(const StartBeats&) = delete;
  StartBeats& operator=(const StartBeats&) = delete;

  /// Notes that the start has made progress. No beat is sent while it has made none for a lease:
  /// each statement of the database gets its answer in half of one.
  void moved();

 private:
  void run();

  FleetRegister& fleet_;
  const Duration lease_;
  std::atomic<Mono> moved_at_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  ///< Guarded by mutex_.
  std::thread thread_;
};

}  // namespace attestrd
