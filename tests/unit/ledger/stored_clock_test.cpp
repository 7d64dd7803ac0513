#include "ledger/stored_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Wall kReleased{std::chrono::sys_days{std::chrono::year{2026} / 11 / 1}};
const Boot kBoot{"boot-1", kReleased};

/// Clocks that only the test moves, and what the processes have stored.
class StoredClockTest : public testing::Test {
 protected:
  /// Starts a process. What it has to write is written at once.
  StoredClock start(const Boot& boot = kBoot) {
    StoredClock clock(stored_, boot, now_);
    write(clock);
    return clock;
  }
  void advance(StoredClock& clock) {
    clock.advance(now_);
    write(clock);
  }
  void write(StoredClock& clock) {
    for (const auto& boot : clock.unsaved()) {
      const auto index = static_cast<std::size_t>(boot.number - 1);
      stored_.resize(std::max(stored_.size(), index + 1));
      stored_[index] = boot;
    }
    clock.saved();
  }
  void pass(Duration duration) {
    now_.mono += duration;
    now_.wall += duration;
  }
  void machine_boots(Duration off = 1h) { now_ = {Mono(1min), now_.wall + off}; }

  std::vector<BootClock> stored_;
  Now now_{Mono(1000h), kReleased + 24h * 30};
};

TEST_F(StoredClockTest, AFirstStartStoresItsBootWithoutADoubt) {
  StoredClock clock(stored_, kBoot, now_);
  EXPECT_FALSE(clock.is_doubtful_at_start());
  EXPECT_EQ(clock.boot(), 1);
  EXPECT_THAT(clock.unsaved(), ElementsAre(BootClock{1, "boot-1", now_, 0s, 0s}));
  clock.saved();
  EXPECT_THAT(clock.unsaved(), IsEmpty());
}

TEST_F(StoredClockTest, AJumpShiftsTheTimesOfThisBoot) {
  auto clock = start();
  pass(5s);
  now_.wall += 26h;
  advance(clock);
  EXPECT_EQ(stored_.back().shift, 26h);
  pass(5s);
  now_.wall -= 3h;
  advance(clock);
  EXPECT_EQ(stored_.back().shift, 23h);
  EXPECT_EQ(clock.measured(now_.wall - 5s), now_.mono - 5s);
}

TEST_F(StoredClockTest, AJumpBetweenTwoProcessesIsNoticedAtTheStart) {
  start();
  pass(2min);
  now_.wall += 72h;
  const auto clock = start();
  EXPECT_TRUE(clock.is_doubtful_at_start());
  EXPECT_EQ(clock.boot(), 1);
  EXPECT_EQ(stored_.back().shift, 72h);
  EXPECT_FALSE(start().is_doubtful_at_start()) << "it is known now";
}

TEST_F(StoredClockTest, ASmallDifferenceIsNoJump) {
  auto clock = start();
  for (int i = 0; i < 20; ++i) {
    pass(limits::kClockSaveInterval);
    now_.wall += limits::kClockJump / 2;
    advance(clock);
  }
  EXPECT_EQ(stored_.back().shift, 0s);
}

TEST_F(StoredClockTest, TimesOfAnEarlierBootStayAsItLeftThem) {
  auto first = start();
  now_.wall += 26h;
  advance(first);
  machine_boots();
  auto second = start({"boot-2", kReleased});
  EXPECT_TRUE(second.is_doubtful_at_start());
  EXPECT_EQ(second.boot(), 2);
  now_.wall -= 48h;
  advance(second);
  EXPECT_EQ(stored_[0].shift, 26h);
  EXPECT_EQ(stored_[1].shift, -48h);
}

TEST_F(StoredClockTest, AnUnknownOrImpossibleBootIsAnotherOne) {
  start();
  EXPECT_EQ(start({"", kReleased}).boot(), 2);
  EXPECT_EQ(start({"", kReleased}).boot(), 3) << "no name proves that it is the same";
  start({"boot-4", kReleased});
  now_.mono -= 1s;
  EXPECT_EQ(start({"boot-4", kReleased}).boot(), 5) << "its clock for waiting went back";
}

TEST_F(StoredClockTest, ABootWithoutACredibleClockEndedWhenTheNextOneBegan) {
  now_.wall = Wall(1h);
  auto first = start();
  pass(3h);
  advance(first);
  EXPECT_EQ(stored_[0].shift, 0s);
  now_ = {Mono(1min), Wall(2min)};
  auto second = start({"boot-2", kReleased});
  EXPECT_EQ(stored_[0].shift, 0s) << "this one has no credible clock either";
  now_.wall = kReleased + 24h;
  advance(second);
  EXPECT_EQ(stored_[0].reading.wall + stored_[0].shift, now_.wall - 1min);
  EXPECT_EQ(stored_[1].shift, kReleased + 24h - Wall(2min));
}

TEST_F(StoredClockTest, OnlyRunningTimeCounts) {
  auto clock = start();
  for (int i = 0; i < 10; ++i) {
    pass(10s);
    clock.advance(now_);
  }
  EXPECT_EQ(clock.running(), 100s);
  now_.wall += 48h;
  clock.advance(now_);
  EXPECT_EQ(clock.running(), 100s) << "a jump is no running time";
  pass(48h);
  clock.advance(now_);
  EXPECT_EQ(clock.running(), 100s + limits::kRunningStep) << "nor is a suspend";
  write(clock);
  pass(240h);
  EXPECT_EQ(start().running(), 100s + limits::kRunningStep) << "nor a stop";
}

TEST_F(StoredClockTest, AReadingIsStoredFromTimeToTime) {
  auto clock = start();
  pass(limits::kClockSaveInterval - 1s);
  clock.advance(now_);
  EXPECT_THAT(clock.unsaved(), IsEmpty());
  pass(1s);
  clock.advance(now_);
  ASSERT_EQ(clock.unsaved().size(), 1U);
  EXPECT_EQ(clock.unsaved()[0].reading.mono, now_.mono);
}

}  // namespace
}  // namespace attestrd
