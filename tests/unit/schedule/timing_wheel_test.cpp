#include "schedule/timing_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/prng.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

const Mono kStart{1000h};

std::set<TimingWheel::Slot> pop_all(TimingWheel& wheel, Mono now) {
  std::set<TimingWheel::Slot> slots;
  while (const auto slot = wheel.pop_due(now)) slots.insert(*slot);
  return slots;
}

TEST(TimingWheel, AnEmptyWheelHasNothingDueAndNeverWakes) {
  TimingWheel wheel(kStart);
  EXPECT_EQ(wheel.pop_due(kStart + 24h), std::nullopt);
  EXPECT_EQ(wheel.next_wake(), std::nullopt);
}

TEST(TimingWheel, FiresAtTheMillisecondAndNeverEarly) {
  TimingWheel wheel(kStart);
  wheel.insert(7, kStart + 1500us);
  EXPECT_EQ(wheel.next_wake(), kStart + 2ms);
  EXPECT_EQ(wheel.pop_due(kStart + 1999us), std::nullopt);
  EXPECT_EQ(wheel.pop_due(kStart + 2ms), 7U);
  EXPECT_EQ(wheel.pop_due(kStart + 2ms), std::nullopt);
}

TEST(TimingWheel, ReturnsWhenASlotIsDue) {
  TimingWheel wheel(kStart);
  wheel.insert(7, kStart + 1500us);
  wheel.insert(8, kStart + 20h);
  EXPECT_EQ(wheel.due_of(7), kStart + 2ms);
  EXPECT_EQ(wheel.pop_due(kStart + 1h), 7U);
  EXPECT_EQ(wheel.pop_due(kStart + 1h), std::nullopt);
  EXPECT_EQ(wheel.due_of(8), kStart + 20h);
}

TEST(TimingWheel, ASlotDueInThePastIsDueNow) {
  TimingWheel wheel(kStart);
  wheel.insert(1, kStart - 1h);
  EXPECT_LE(*wheel.next_wake(), kStart);
  EXPECT_EQ(wheel.pop_due(kStart), 1U);
}

TEST(TimingWheel, AnErasedSlotDoesNotFire) {
  TimingWheel wheel(kStart);
  for (TimingWheel::Slot slot = 0; slot < 4; ++slot) wheel.insert(slot, kStart + 90s);
  wheel.erase(0);
  wheel.erase(2);
  EXPECT_EQ(pop_all(wheel, kStart + 90s), (std::set<TimingWheel::Slot>{1, 3}));
  wheel.insert(5, kStart + 100s);
  wheel.erase(5);
  EXPECT_EQ(wheel.next_wake(), std::nullopt);
}

TEST(TimingWheel, FiresExactlyAfterAMonth) {
  TimingWheel wheel(kStart);
  const Mono due = kStart + 24h * 31 + 1ms;
  wheel.insert(0, due);
  while (*wheel.next_wake() < due) {
    EXPECT_EQ(wheel.pop_due(*wheel.next_wake()), std::nullopt);
  }
  EXPECT_EQ(wheel.pop_due(due - 1us), std::nullopt);
  EXPECT_EQ(wheel.pop_due(due), 0U);
}

TEST(TimingWheel, ASlotBeyondTheHorizonFiresAtTheHorizon) {
  TimingWheel wheel(kStart);
  wheel.insert(0, kStart + 24h * 365 * 200);
  while (*wheel.next_wake() < kStart + TimingWheel::kFurthest) {
    EXPECT_EQ(wheel.pop_due(*wheel.next_wake()), std::nullopt);
  }
  EXPECT_EQ(wheel.pop_due(kStart + TimingWheel::kFurthest), 0U);
}

TEST(TimingWheel, TheHorizonCountsFromTheLastPop) {
  TimingWheel wheel(kStart);
  const Mono later = kStart + 24h * 200;
  EXPECT_EQ(wheel.pop_due(later), std::nullopt) << "nothing was in it for long";
  wheel.insert(0, later + 5s);
  EXPECT_EQ(wheel.pop_due(later + 5s - 1us), std::nullopt) << "not early";
  wheel.insert(1, later + 24h * 48);
  EXPECT_EQ(wheel.pop_due(later + 5s), 0U);
  EXPECT_EQ(wheel.pop_due(later + 24h * 48 - 1us), std::nullopt);
  EXPECT_EQ(wheel.pop_due(later + 24h * 48), 1U);
}

TEST(TimingWheel, WakesAtMostAFewTimesForASlotHoweverFarAway) {
  TimingWheel wheel(kStart);
  wheel.insert(0, kStart + 24h * 31);
  int wakes = 0;
  while (!wheel.pop_due(*wheel.next_wake())) ++wakes;
  EXPECT_LE(wakes, 7);
}

TEST(TimingWheel, AgreesWithASortedMapOverRandomSteps) {
  Prng prng(20261123);
  TimingWheel wheel(kStart);
  std::map<TimingWheel::Slot, Mono> model;
  Mono now = kStart;
  for (int step = 0; step < 200'000; ++step) {
    const auto slot = static_cast<TimingWheel::Slot>(prng.next() % 512);
    const auto known = model.find(slot);
    if (known == model.end()) {
      const Mono due = now + Duration(1LL << (prng.next() % 36));
      wheel.insert(slot, due);
      model.emplace(slot, due);
    } else if (prng.next() % 4 == 0) {
      wheel.erase(slot);
      model.erase(known);
    } else {
      now += Duration(static_cast<Duration::rep>(prng.next() % 50'000));
      for (const auto popped : pop_all(wheel, now)) {
        ASSERT_LE(model.at(popped), now) << "early";
        model.erase(popped);
      }
      if (step % 100 != 0) continue;
      for (const auto& [other, due] : model) ASSERT_GT(due + 1ms, now) << other << " is late";
    }
  }
}

TEST(TimingWheel, FindsTheEarliestOfThoseThatCount) {
  Prng luck(1);
  for (int round = 0; round < 200; ++round) {
    TimingWheel wheel(kStart);
    std::map<TimingWheel::Slot, Mono> due;
    const Mono now = kStart + Duration(luck.next() % 3'600'000'000);
    pop_all(wheel, now);
    for (TimingWheel::Slot slot = 0; slot < 50; ++slot) {
      const Mono at = now + Duration(luck.next() % (std::uint64_t{1} << (20 + luck.next() % 20)));
      wheel.insert(slot, at);
      due[slot] = wheel.due_of(slot);
    }
    const auto counts = [](TimingWheel::Slot slot) { return slot % 3 == 0; };
    Mono earliest = Mono::max();
    for (const auto& [slot, at] : due)
      if (counts(slot)) earliest = std::min(earliest, at);
    const auto found = wheel.earliest(counts, 50);
    ASSERT_TRUE(found && counts(*found));
    EXPECT_EQ(due[*found], earliest);
  }
}

TEST(TimingWheel, LooksAtABoundedNumberOfSlotsForTheEarliest) {
  TimingWheel wheel(kStart);
  for (TimingWheel::Slot slot = 0; slot < 100; ++slot) wheel.insert(slot, kStart + 1h);
  std::size_t looked_at = 0;
  const auto none = [&looked_at](TimingWheel::Slot) { return ++looked_at == 0; };
  EXPECT_EQ(wheel.earliest(none, 10), std::nullopt);
  EXPECT_EQ(looked_at, 10U);
}

}  // namespace
}  // namespace attestrd
