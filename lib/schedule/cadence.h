#pragma once

#include <cstdint>

#include "base/time.h"

namespace attestrd {

/// The setting `poll.cadence`.
enum class CadenceKind : std::uint8_t {
  adaptive,     ///< LearntCadence
  exponential,  ///< ExponentialCadence
};

/// The first clock of a handshake: the wait before its next poll, from its age alone. A function of
/// the age needs no counter in the record, and a restart does not disturb it.
class Cadence {
 public:
  virtual ~Cadence() = default;

  // `unannounced` is the share of results that no hint announces, above 0 and at most 1.

  /// Returns the wait of a new handshake for its first poll.
  virtual Duration first_gap(double unannounced) const = 0;

  /// Returns the wait after a "not yet" at this age, before jitter. It is at most max_interval,
  /// which LearntCadence may lengthen for a daily budget (see PollPrice::longest) and for hints
  /// (see longest_gap). The caller raises it to min_interval.
  virtual Duration gap_at(Duration age, double unannounced) const = 0;
};

/// An exponential backoff: waits of min, min·f, min·f², … up to max. After n waits the age is
/// min·(fⁿ-1)/(f-1), so the next wait is min + (f-1)·age.
class ExponentialCadence final : public Cadence {
 public:
  ExponentialCadence(Duration min_interval, Duration max_interval, double factor);

  // It ignores the share of results that hints announce.
  Duration first_gap(double) const override { return Duration(0); }
  Duration gap_at(Duration age, double unannounced) const override;

 private:
  Duration min_interval_;
  Duration max_interval_;
  double factor_;
};

}  // namespace attestrd
