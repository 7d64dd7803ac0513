#include "engine/pending.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(PendingRecord, RoundsItsWallDeadlineUpToWholeSeconds) {
  PendingRecord record;
  record.set_deadline_wall(Wall(1'764'000'000s));
  EXPECT_EQ(record.deadline_wall(), Wall(1'764'000'000s));
  record.set_deadline_wall(Wall(1'764'000'000s + 1us));
  EXPECT_EQ(record.deadline_wall(), Wall(1'764'000'001s));
  record.set_deadline_wall(Wall(-1s));
  EXPECT_EQ(record.deadline_wall(), Wall(0s));
  record.set_deadline_wall(Wall(24h * 365 * 500));
  EXPECT_EQ(record.deadline_wall(), Wall(std::chrono::seconds(UINT32_MAX)));
}

TEST(PendingRecord, RoundsUnknownSinceDownToWholeSeconds) {
  PendingRecord record;
  record.submitted = Mono(1000h);
  const Mono since = Mono(1000h) + 90s + 999ms;
  EXPECT_EQ(record.rounded_unknown_since(since), Mono(1000h) + 90s);
  EXPECT_EQ(record.unknown_since(), Mono(1000h)) << "nothing is set yet";
  record.set_unknown_since(since);
  EXPECT_EQ(record.unknown_since(), Mono(1000h) + 90s);
}

TEST(PendingRecord, ReturnsItsLastPendingTimeByTheWallClock) {
  PendingRecord record;
  const Now now{Mono(1000h), Wall(1'764'000'000s)};
  EXPECT_FALSE(record.last_pending_at(now));
  record.last_pending = Mono(999h);
  EXPECT_EQ(record.last_pending_at(now), now.wall - 1h);
}

}  // namespace
}  // namespace attestrd
