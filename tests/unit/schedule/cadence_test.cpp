#include "schedule/cadence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(ExponentialCadence, ItsGapsAreThoseOfExponentialBackoff) {
  const ExponentialCadence cadence(2s, 30min, 1.6);
  Duration age(0);
  for (int n = 0; n < 20; ++n) {
    const double expected = std::min(2e6 * std::pow(1.6, n), 1800e6);
    EXPECT_NEAR(static_cast<double>(cadence.gap_at(age, 1).count()), expected, expected * 1e-4)
        << n;
    age += cadence.gap_at(age, 1);
  }
}

TEST(ExponentialCadence, NeverExceedsItsBoundsWhateverTheAge) {
  const ExponentialCadence cadence(10ms, 30min, 1000);
  EXPECT_EQ(cadence.gap_at(0s, 1), 10ms);
  EXPECT_EQ(cadence.gap_at(24h * 365 * 100, 1), 30min);
}

}  // namespace
}  // namespace attestrd
