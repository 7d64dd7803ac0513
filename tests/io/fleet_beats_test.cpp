#include "runtime/fleet_beats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace attestrd::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;

/// A register of two nodes. The other one never beats.
class FakeRegister final : public FleetRegister {
 public:
  FakeRegister() {
    state.nodes = {node("a", 1), node("b", 17)};
    state.minute = 7;
  }

  static FleetNode node(const std::string& name, std::int64_t first_shelf) {
    FleetNode node;
    node.name = name;
    node.instance = "process of " + name;
    node.is_alive = true;
    for (std::int64_t i = 0; i < 2; ++i) node.shelves.push_back({first_shelf + i, 1});
    return node;
  }

  Result<std::optional<FleetState>> beat(const Beat& beat) override {
    ++beats;
    if (is_away) return fail(Errc::unavailable, "it is away");
    if (!is_mine) return std::optional<FleetState>();
    state.nodes[0].weight = beat.weight;
    state.nodes[0].rate_limit = beat.rate_limit;
    return std::optional(state);
  }
  Result<bool> declare_dead(const FleetWatch::Dead& node) override {
    EXPECT_EQ(node.name, "b");
    state.nodes[1].is_alive = false;
    return true;
  }
  Result<bool> take_over(const Takeover& shelf) override {
    return std::erase(state.nodes[1].shelves, shelf.shelf) == 1;
  }
  Result<std::int64_t> set_shares(std::int64_t wanted, std::int64_t all) override {
    EXPECT_EQ(all, 20);
    state.nodes[0].share = wanted;
    return wanted;
  }
  Result<void> leave() override {
    has_left = true;
    return {};
  }

  FleetState state;
  std::atomic<int> beats = 0;
  std::atomic<bool> is_away = false;
  std::atomic<bool> is_mine = true;
  bool has_left = false;
};

class FleetBeatsTest : public ::testing::Test {
 protected:
  FleetBeats::Events events() {
    const auto note = [this](std::string what) { seen_.push_back(std::move(what)); };
    return {
        .lease_renewed = [note](Mono) { note("renewed"); },
        .lost = [note] { note("lost"); },
        .taken_over = [note](std::int64_t shelves) { note("taken " + std::to_string(shelves)); },
        .declared_dead = [note](const FleetWatch::Dead& dead) { note("dead " + dead.name); },
        .shares =
            [note](std::optional<std::int64_t> shares, double limit) {
              note("shares " + (shares ? std::to_string(*shares) : "none") + " of " +
                   std::to_string(static_cast<int>(limit)));
            },
        .observed = [](const FleetState&) {},
        .unreachable = [note](const Error&) { note("unreachable"); },
        .reachable = [note] { note("reachable"); }};
  }

  /// Runs the loop until an event was seen, at most for seconds.
  bool sees(const std::string& what) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < end) {
      loop_.restart();
      loop_.poll();
      if (std::ranges::find(seen_, what) != seen_.end()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  void start() { beats_.start(); }

  static constexpr Duration kLease = 60ms;

  boost::asio::io_context loop_;
  FakeRegister register_;
  std::optional<Beat> next_{Beat{5, 20.0, {}}};
  std::vector<std::string> seen_;
  FleetBeats beats_{
      register_,
      FleetMember("a", kLease),
      "a",
      loop_.get_executor(),
      [] { return Mono(std::chrono::steady_clock::now().time_since_epoch().count() / 1000 * 1us); },
      [this] { return next_; },
      events()};
};

TEST_F(FleetBeatsTest, ABeatRenewsTheLeaseAfterTheSharesAreKnown) {
  start();
  ASSERT_TRUE(sees("renewed"));
  ASSERT_GE(seen_.size(), 2U);
  EXPECT_EQ(seen_[0].substr(0, 7), "shares ");
  EXPECT_EQ(seen_[1], "renewed");
}

TEST_F(FleetBeatsTest, ASilentNodeIsDeclaredDeadAndItsShelvesAreTakenOver) {
  start();
  ASSERT_TRUE(sees("dead b"));
  ASSERT_TRUE(sees("taken 2"));
  EXPECT_TRUE(sees("shares 20 of 20"));
}

TEST_F(FleetBeatsTest, SaysOnceThatTheDatabaseIsAwayAndThatItIsBack) {
  register_.is_away = true;
  start();
  ASSERT_TRUE(sees("unreachable"));
  while (register_.beats < 4) std::this_thread::sleep_for(1ms);
  EXPECT_THAT(seen_, ElementsAre("unreachable"));
  register_.is_away = false;
  EXPECT_TRUE(sees("reachable"));
}

TEST_F(FleetBeatsTest, AProcessThatWasDeclaredDeadRenewsNoLease) {
  register_.is_mine = false;
  start();
  ASSERT_TRUE(sees("lost"));
  EXPECT_THAT(seen_, ::testing::Each("lost"));
}

TEST_F(FleetBeatsTest, AProcessThatDoesNotMoveDoesNotBeat) {
  next_.reset();
  start();
  std::this_thread::sleep_for(5 * kLease);
  EXPECT_EQ(register_.beats, 0);
}

TEST_F(FleetBeatsTest, LeavesTheFleetAtItsEnd) {
  start();
  beats_.stop();
  EXPECT_TRUE(register_.has_left);
}

}  // namespace
}  // namespace attestrd::test
