#pragma once

#include <cmath>
#include <cstdint>

#include "base/prng.h"
#include "base/time.h"

namespace attestrd::sim {

/// The only source of randomness in a simulation.
class Luck {
 public:
  explicit Luck(std::uint64_t seed) : prng_(seed) {}

  bool chance(double probability) { return prng_.unit() < probability; }
  std::uint64_t below(std::uint64_t end) { return end == 0 ? 0 : prng_.next() % end; }
  std::uint64_t seed() { return prng_.next(); }
  double unit() { return prng_.unit(); }

  /// Returns a log-uniform number: each order of magnitude is equally likely.
  double spread(double from, double to) { return from * std::pow(to / from, prng_.unit()); }
  Duration spread(Duration from, Duration to) {
    return Duration(static_cast<Duration::rep>(
        spread(static_cast<double>(from.count()), static_cast<double>(to.count()))));
  }
  Duration up_to(Duration most) { return scaled(most, prng_.unit()); }

 private:
  Prng prng_;
};

}  // namespace attestrd::sim
