#include "base/backoff.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToItsCap) {
  EXPECT_EQ(exponential_backoff(1s, 300s, 0), 1s);
  EXPECT_EQ(exponential_backoff(1s, 300s, 1), 2s);
  EXPECT_EQ(exponential_backoff(1s, 300s, 8), 256s);
  EXPECT_EQ(exponential_backoff(1s, 300s, 9), 300s);
  EXPECT_EQ(exponential_backoff(1s, 300s, UINT32_MAX), 300s);
}

TEST(Backoff, EqualJitterKeepsAtLeastHalf) {
  Prng prng(1);
  Duration least = 10s;
  Duration most = 0s;
  for (int i = 0; i < 10'000; ++i) {
    const Duration delay = equal_jitter(10s, prng);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, 5s);
  EXPECT_LT(least, 5s + 10ms);
  EXPECT_LE(most, 10s);
  EXPECT_GT(most, 10s - 10ms);
}

}  // namespace
}  // namespace attestrd
