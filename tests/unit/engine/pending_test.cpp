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

TEST(PendingRecord, RoundsSuspectSinceDownToWholeSeconds) {
  PendingRecord record;
  record.submitted = Mono(1000h);
  const Mono since = Mono(1000h) + 90s + 999ms;
  EXPECT_EQ(record.rounded_suspect_since(since), Mono(1000h) + 90s);
  EXPECT_EQ(record.suspect_since(), Mono(1000h)) << "nothing is set yet";
  record.set_suspect_since(since);
  EXPECT_EQ(record.suspect_since(), Mono(1000h) + 90s);
}

TEST(PendingRecord, KeepsTheTimeOfTheFirstHintUnlessASuspicionNeedsItsPlace) {
  PendingRecord record;
  record.submitted = Mono(100s);
  EXPECT_FALSE(record.hinted_at());
  record.note_hint(Mono(160'700ms));
  record.note_hint(Mono(200s));
  EXPECT_EQ(record.hinted_at(), Mono(160s));
  record.is_hinted = false;
  record.is_announced = true;
  EXPECT_EQ(record.hinted_at(), Mono(160s));
  record.suspicion = PendingRecord::Suspicion::unknown;
  EXPECT_FALSE(record.hinted_at());

  PendingRecord doubted;
  doubted.suspicion = PendingRecord::Suspicion::unknown;
  doubted.set_suspect_since(doubted.submitted + 7s);
  doubted.note_hint(Mono(60s));
  EXPECT_TRUE(doubted.is_hinted);
  EXPECT_EQ(doubted.suspect_since(), doubted.submitted + 7s);
}

TEST(PendingRecord, IsInLastingTroubleWithASuspicionOrSeveralErrors) {
  PendingRecord record;
  record.errors = limits::kLastingErrors - 1;
  EXPECT_FALSE(record.is_in_lasting_trouble());
  ++record.errors;
  EXPECT_TRUE(record.is_in_lasting_trouble());
  record.errors = 0;
  record.suspicion = PendingRecord::Suspicion::archived;
  EXPECT_TRUE(record.is_in_lasting_trouble());
}

TEST(PendingRecord, ReturnsItsLastPendingTimeByTheWallClock) {
  PendingRecord record;
  const Now now{Mono(1000h), Wall(1'764'000'000s)};
  EXPECT_FALSE(record.last_pending_at(now));
  EXPECT_FALSE(record.was_pending());
  record.last_pending = Mono(999h);
  EXPECT_TRUE(record.was_pending());
  EXPECT_EQ(record.last_pending_at(now), now.wall - 1h);
}

}  // namespace
}  // namespace attestrd
