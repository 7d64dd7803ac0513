#include "spool/retention.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr Duration kKeep = std::chrono::days(30);
constexpr Duration kRunning = std::chrono::days(100);

EndedHandshake ended(Outcome outcome, Duration running) {
  EndedHandshake handshake;
  handshake.outcome = outcome;
  handshake.running = running;
  return handshake;
}

bool is_kept(Outcome folder, const KnownHandshake& known) {
  return outcome_to_remove(folder, "DSa.json", known, kRunning, kKeep).has_value();
}

TEST(RetentionTest, ARecordGoesAfterItsTime) {
  for (const auto folder : {Outcome::archived, Outcome::failed, Outcome::rejected}) {
    EXPECT_TRUE(is_kept(folder, ended(folder, kRunning - kKeep)));
    EXPECT_FALSE(is_kept(folder, ended(folder, kRunning - kKeep + 1ms)));
  }
}

TEST(RetentionTest, AResultStaysForEver) {
  auto handshake = ended(Outcome::completed, Duration(0));
  EXPECT_FALSE(is_kept(Outcome::completed, handshake));
  handshake.diverted_to = "rejected/DSa.json";
  EXPECT_FALSE(is_kept(Outcome::rejected, handshake)) << "its name was in use";
}

TEST(RetentionTest, ARecordWhoseNameWasInUseGoesFromWhereItIs) {
  auto handshake = ended(Outcome::failed, Duration(0));
  handshake.diverted_to = "rejected/DSa.json";
  EXPECT_EQ(outcome_to_remove(Outcome::rejected, "DSa.json", handshake, kRunning, kKeep),
            Outcome::failed);
  EXPECT_FALSE(outcome_to_remove(Outcome::rejected, "DSa.2.json", handshake, kRunning, kKeep));
}

TEST(RetentionTest, ARecordStaysWhoseHandshakeHasEndedOtherwiseSince) {
  EXPECT_FALSE(is_kept(Outcome::rejected, ended(Outcome::completed, Duration(0))));
  EXPECT_FALSE(is_kept(Outcome::failed, ended(Outcome::archived, Duration(0))));
}

TEST(RetentionTest, ARecordStaysWhoseHandshakeHasNotEndedOrIsNotKnown) {
  EXPECT_FALSE(is_kept(Outcome::failed, UnknownHandshake{}));
  EXPECT_FALSE(is_kept(Outcome::failed, EndingHandshake{Outcome::failed, Wall{}}));
  const QueuedHandshake pending{*HandshakeId::parse("DSa"), "", {}, {}, {}, 0, 0, {}};
  EXPECT_FALSE(is_kept(Outcome::failed, pending));
}

TEST(RetentionTest, ATombstoneOutlivesItsRecord) {
  EXPECT_EQ(tombstone_life(24h * 400, 0h), 24h * 400);
  EXPECT_EQ(tombstone_life(24h * 400, 24h * 30), 24h * 400);
  EXPECT_EQ(tombstone_life(24h * 30, 24h * 30), 24h * 31);
  EXPECT_EQ(tombstone_life(24h, 24h * 400), 24h * 401);
}

TEST(RetentionTest, RecognisesTheNamesOfRecords) {
  EXPECT_EQ(id_of_record("DSa.json")->view(), "DSa");
  EXPECT_EQ(id_of_record("DSa.12.json")->view(), "DSa");
  for (const auto* const name :
       {"", "DSa", ".json", "DSa.txt", "DSa.x.json", "DSa.1.2.json", "a b.json", "DSa.json.2"})
    EXPECT_FALSE(id_of_record(name)) << name;
}

}  // namespace
}  // namespace attestrd
