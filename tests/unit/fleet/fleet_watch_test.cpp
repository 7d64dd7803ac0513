#include "fleet/fleet_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "fleet/lease.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration kLease = 15s;

class FleetWatchTest : public ::testing::Test {
 protected:
  std::vector<FleetWatch::Dead> after(Duration time) {
    now_ += time;
    return watch_.observe(others_, now_);
  }

  /// Observes at the interval of beats; returns the dead of all observations.
  std::vector<FleetWatch::Dead> watched_for(Duration time) {
    std::vector<FleetWatch::Dead> dead;
    for (Duration passed{0}; passed < time; passed += 5s)
      for (const auto& one : after(5s)) dead.push_back(one);
    return dead;
  }

  static FleetNode node(std::string name, std::string instance = "first") {
    FleetNode node;
    node.name = std::move(name);
    node.instance = std::move(instance);
    node.beat = 7;
    node.is_alive = true;
    return node;
  }

  FleetWatch watch_{kLease};
  std::vector<FleetNode> others_{node("b")};
  Mono now_{1h};
};

TEST_F(FleetWatchTest, ANodeWhoseBeatStaysIsDeadAfterElevenTenthsOfTheLease) {
  EXPECT_EQ(watch_.next_death(), std::nullopt);
  EXPECT_THAT(after(0s), IsEmpty());
  const Mono death = now_ + 16'500ms;
  EXPECT_EQ(watch_.next_death(), death);
  EXPECT_THAT(after(5s), IsEmpty());
  EXPECT_THAT(after(5s), IsEmpty());
  EXPECT_EQ(watch_.next_death(), death);
  EXPECT_THAT(after(6s), IsEmpty());
  EXPECT_THAT(after(500ms), ElementsAre(FleetWatch::Dead{"b", others_[0].instance, 7}));
}

TEST_F(FleetWatchTest, ANodeThatBeatsLives) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(after(5s), IsEmpty());
    if (i % 3 == 0) ++others_[0].beat;
  }
}

TEST_F(FleetWatchTest, AnotherInstanceIsAnotherNode) {
  watched_for(15s);
  others_ = {node("b", "second")};
  EXPECT_THAT(watched_for(15s), IsEmpty());
}

TEST_F(FleetWatchTest, ATimeWithoutTheDatabaseKillsNobody) {
  watched_for(15s);
  EXPECT_THAT(after(1h), IsEmpty());
  EXPECT_THAT(watched_for(15s), IsEmpty());
  EXPECT_THAT(watched_for(5s), ::testing::SizeIs(1));
}

TEST_F(FleetWatchTest, ADeadNodeIsReportedUntilItIsDeclaredSo) {
  EXPECT_THAT(watched_for(30s), ::testing::SizeIs(::testing::Ge(2)));
  others_[0].is_alive = false;
  EXPECT_THAT(watched_for(30s), IsEmpty());
}

/// The rule of the whole fleet: while the lease of a node holds by its clock, no other node
/// declares it dead, though beats are late, answers are lost, and the clocks differ by 10 % in
/// speed.
TEST_F(FleetWatchTest, NoNodeIsDeclaredDeadWhileItsLeaseHolds) {
  std::mt19937 luck(1);
  const auto up_to = [&luck](Duration most) { return Duration(luck() % most.count()); };
  int deaths = 0;
  for (int round = 0; round < 2000; ++round) {
    const double speed =
        0.9 + 0.2 * static_cast<double>(luck() % 1000) / 1000;  // Of the watcher's clock.
    Lease lease(kLease);
    FleetWatch watch(kLease);
    FleetNode other = node("b");
    Mono true_time{1h};
    Mono beat_at = true_time;
    Mono look_at = true_time;
    const Mono stops_beating = true_time + up_to(2min);
    while (true_time < Mono{1h} + 3min) {
      true_time = std::min(beat_at, look_at);
      if (true_time == beat_at) {
        const Duration on_its_way = up_to(4s);  // The database takes it then.
        if (true_time < stops_beating && luck() % 4 != 0) {
          ++other.beat;
          if (luck() % 4 != 0) lease.renewed(true_time);  // Otherwise the answer is lost.
        }
        beat_at = true_time + std::max<Duration>(5s, on_its_way);
      } else {
        const Mono watchers_time{scaled(true_time.time_since_epoch(), speed)};
        const std::vector<FleetNode> others{other};
        if (!watch.observe(others, watchers_time).empty()) {
          ++deaths;
          EXPECT_FALSE(lease.holds(true_time)) << "round " << round;
          break;
        }
        look_at = true_time + 1s + up_to(5s);
      }
    }
  }
  EXPECT_GT(deaths, 1000);
}

}  // namespace
}  // namespace attestrd
