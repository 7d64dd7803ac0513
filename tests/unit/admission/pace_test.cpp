#include "admission/pace.h"

#include <gtest/gtest.h>

#include <vector>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

/// Spends whenever the pace allows it, on a clock that advances by `step`, for `span`. Returns the
/// times of the requests.
std::vector<Mono> spend_greedily(Pace& pace, Duration step, Duration span) {
  std::vector<Mono> times;
  for (Mono now(1000h); now < Mono(1000h) + span; now += step) {
    while (pace.allows(now) && times.size() < 1'000'000) {
      pace.spend(now);
      times.push_back(now);
    }
  }
  return times;
}

TEST(Pace, NoSecondHoldsMoreThanTheRate) {
  for (const double rate : {0.5, 1.0, 20.0, 333.0, 5000.0}) {
    Pace pace;
    pace.set_rate(rate);
    const auto times = spend_greedily(pace, 1ms, 10s);
    const auto per_second = static_cast<std::size_t>(std::max(rate, 1.0));
    for (std::size_t i = per_second; i < times.size(); ++i) {
      ASSERT_GT(times[i] - times[i - per_second], 1s) << rate;
    }
    EXPECT_GT(static_cast<double>(times.size()), rate * 10 * 0.96) << "and the rate is used";
  }
}

TEST(Pace, IdlenessEarnsNoBurst) {
  Pace pace;
  pace.set_rate(10);
  const Mono now(1000h);
  pace.spend(now);
  pace.spend(now + 1h);
  EXPECT_FALSE(pace.allows(now + 1h + 90ms));
}

TEST(Pace, ZeroMeansNoLimitAndTheRateMayChange) {
  Pace pace;
  const Mono now(1000h);
  pace.set_rate(0);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(pace.allows(now));
    pace.spend(now);
  }
  pace.set_rate(1);  // Holds from the last request on.
  EXPECT_FALSE(pace.allows(now + 1s));
  EXPECT_TRUE(pace.allows(now + 1020ms));
}

TEST(Pace, ANewRateHoldsForTheNextRequestAtOnce) {
  Pace pace;
  pace.set_rate(0.01);
  const Mono start(1000h);
  pace.spend(start);
  EXPECT_GT(pace.next(), start + 99s);
  pace.set_rate(10);
  EXPECT_LT(pace.next(), start + 110ms);
  pace.set_rate(1);
  EXPECT_GT(pace.next(), start + 990ms);
}

}  // namespace
}  // namespace attestrd
