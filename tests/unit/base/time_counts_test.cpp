#include "base/time_counts.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(TimeCounts, KnowTheEarliestTimeToTheSecond) {
  TimeCounts times;
  EXPECT_FALSE(times.earliest());
  times.add(Mono(20s));
  times.add(Mono(9500ms));
  EXPECT_EQ(times.earliest(), Mono(9s));
  times.add(Mono(-1500ms));
  EXPECT_EQ(times.earliest(), Mono(-2s)) << "the clock may begin with the machine";
}

TEST(TimeCounts, TheNextOneIsTheEarliestOnceAllOfASecondAreRemoved) {
  TimeCounts times;
  for (const Mono time : {Mono(9100ms), Mono(9900ms), Mono(30s)}) times.add(time);
  times.remove(Mono(9100ms));
  EXPECT_EQ(times.earliest(), Mono(9s));
  times.remove(Mono(9900ms));
  EXPECT_EQ(times.earliest(), Mono(30s));
  times.remove(Mono(30s));
  EXPECT_FALSE(times.earliest());
}

TEST(TimeCountsDeathTest, ATimeThatWasNotAddedIsABrokenInvariant) {
  TimeCounts times;
  EXPECT_DEATH(times.remove(Mono(1s)), "invariant broken");
}

}  // namespace
}  // namespace attestrd
