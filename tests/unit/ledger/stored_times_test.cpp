// Tests that stored times survive a wall clock that was wrong when they were stored.

#include <gmock/gmock.h>

#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

using namespace std::chrono_literals;

class StoredTimesTest : public World, public ::testing::Test {
 protected:
  StoredTimesTest() { basis = now.time_since_epoch() - 1000h; }

  QueuedHandshake submit(const std::string& id) {
    given_submission(id, id + "\n");
    request.scan_inbox = scan();
    return round().accepted.at(0);
  }
  /// Starts another process and returns the row that it claims.
  QueuedHandshake row_after_restart(std::string_view id) {
    start();
    return claimed(id);
  }
  void purge(Duration older_than) {
    request.purge_older_than = older_than;
    round();
  }
  void end_and_settle(std::string_view id) {
    end(id, Outcome::completed);
    round();
    settle();
  }
};

TEST_F(StoredTimesTest, ASubmissionWhileTheClockWasWrongKeepsItsAge) {
  for (const Duration wrong_by : {-26h, -72h, -24h * 365 * 50, 48h, 0h}) {
    now += wrong_by, basis += wrong_by;
    start();
    const auto id = "DS" + std::to_string(rows().open.size());
    const Mono submitted = clocks().mono;
    EXPECT_EQ(submit(id).submitted, submitted);
    now += 5s;
    wall_clock_jumps(-wrong_by);
    const auto row = row_after_restart(id);
    EXPECT_EQ(row.submitted, submitted) << "noticed at the start";
    EXPECT_EQ(row.submitted_at, now - 5s);
    EXPECT_EQ(submit(id).submitted, submitted) << "merged";
  }
}

TEST_F(StoredTimesTest, AJumpIsStoredWithTheRowsOfTheSameRound) {
  start();
  submit("DSbefore");
  wall_clock_jumps(26h);
  const Mono submitted = clocks().mono;
  EXPECT_EQ(submit("DSafter").submitted, submitted);
  EXPECT_EQ(row_after_restart("DSbefore").submitted, submitted);
  EXPECT_EQ(row_after_restart("DSafter").submitted, submitted);
}

TEST_F(StoredTimesTest, AJumpIsNotLostWithARoundThatFoundTheDiskFull) {
  start();
  submit("DSa");
  const Mono submitted = clocks().mono;
  wall_clock_jumps(26h);
  arm(Faults::Kind::disk_full, 0);
  given_submission("DSb", "DSb\n");
  request.scan_inbox = scan();
  ASSERT_FALSE(try_round());
  round();
  EXPECT_EQ(row_after_restart("DSa").submitted, submitted);
  EXPECT_EQ(row_after_restart("DSb").submitted, submitted);
}

TEST_F(StoredTimesTest, ARowOfAnotherBootIsNotMeasured) {
  start();
  const Wall submitted_at = submit("DSa").submitted_at;
  boot = "boot-2";
  basis = now.time_since_epoch() - 1min;
  const auto row = row_after_restart("DSa");
  EXPECT_FALSE(row.submitted);
  EXPECT_EQ(row.submitted_at, submitted_at);
}

TEST_F(StoredTimesTest, AClockThatIsAheadPurgesNoTombstone) {
  start();
  submit("DSa");
  end_and_settle("DSa");
  wall_clock_jumps(48h);
  purge(24h);
  now += 11s;
  purge(24h);
  start();
  purge(24h);
  EXPECT_EQ(rows().ended.size(), 1U);
  boot = "boot-2";
  basis += 5h;
  start();
  purge(24h);
  EXPECT_EQ(rows().ended.size(), 1U) << "after a boot";
}

}  // namespace
}  // namespace attestrd::test
