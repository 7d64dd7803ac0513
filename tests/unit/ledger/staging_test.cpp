#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A fixture with rounds of two records, so that a third record is written ahead.
class StagingTest : public ::testing::Test, public World {
 protected:
  StagingTest() { bounds = {.records = 2, .synced_one_by_one = 1}; }

  void given_ended(std::initializer_list<const char*> ids) {
    std::string list;
    for (const auto* const id : ids) list += std::string(id) + "\n";
    given_submission("list", list);
    start();
    take_in();
    for (const auto* const id : ids) end(id, Outcome::completed);
  }

  /// Runs a round that publishes its two records, but fails to write the third one ahead.
  void write_a_third_that_fails() {
    given_ended({"DSa", "DSb", "DSc"});
    given_unwritable("DSc.json");
    const auto report = try_round();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Errc::io_failure);
    EXPECT_THAT(names_in("results"), ElementsAre("DSa.json", "DSb.json"));
  }
};

TEST_F(StagingTest, ARecordWrittenAheadIsSyncedInARoundOfItsOwn) {
  given_ended({"DSa", "DSb", "DSc"});
  round();
  const auto record = text_of("results", "DSc.json");
  lose_power();
  EXPECT_THAT(record, HasSubstr("DSc"));
  EXPECT_EQ(text_of("results", "DSc.json"), record);
}

TEST_F(StagingTest, ARecordWrittenAheadIsRemovedIfItsRowIsGone) {
  given_ended({"DSa", "DSb", "DSc"});
  ASSERT_TRUE(try_round());
  given_taken_away("DSc");
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSc"))) << "nothing more is to be done";
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json", "DSb.json"));
}

TEST_F(StagingTest, ANameInUseIsNotWrittenAhead) {
  given_ended({"DSa", "DSb", "DSc", "DSc"});
  round();
  EXPECT_EQ(logged(Event::handshake_completed), 3U);
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json", "DSb.json", "DSc.json"));
}

TEST_F(StagingTest, AFullFolderStopsWritingAheadButNotTheRound) {
  given_ended({"DSa", "DSb", "DSc", "DSd"});
  given_room_for(1 + 3);
  ASSERT_TRUE(try_round());
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSc"), id_of("DSd")));
}

TEST_F(StagingTest, ARecordWrittenAheadIsRemovedWhenTheFolderIsFull) {
  given_ended({"DSa", "DSb", "DSc", "DSd"});
  given_room_for(1 + 3);
  arm(Faults::Kind::death, 15);  // At the first rename.
  EXPECT_THROW(try_round(), Death);
  ASSERT_TRUE(rows().open.at(id_of("DSa")).staged);
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSa.json", "DSb.json"))
      << "DSc went, since there was no room for DSd";
}

TEST_F(StagingTest, RecordsThatDidNotFitAreWrittenWhileTheMovesAreSynced) {
  given_ended({"DSa", "DSb", "DSc", "DSd"});
  given_room_for(1 + 3);
  ASSERT_TRUE(try_round());
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSc.json", "DSd.json"));
  lose_power();
  start();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json", "DSb.json"));
  EXPECT_THAT(polling(), ElementsAre("DSc", "DSd"));
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
}

TEST_F(StagingTest, AFailedWriteAheadEndsTheProcessOnceTheRoundIsPublished) {
  write_a_third_that_fails();
  die();
  consume();
  start();
  EXPECT_EQ(rows().ended.size(), 2U);
  EXPECT_THAT(polling(), ElementsAre("DSc"));
  EXPECT_THAT(names_in("results"), IsEmpty());
}

TEST_F(StagingTest, AFailedWriteAheadDuringTheSyncOfTheMovesLosesNothing) {
  bounds.synced_one_by_one = 2;  // Nothing is written ahead before the sync of the moves.
  write_a_third_that_fails();
  lose_power();
  start();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json", "DSb.json"));
  EXPECT_THAT(polling(), ElementsAre("DSc"));
}

TEST_F(StagingTest, RecordsWrittenAheadAreRemovedWhenARenameMeetsAFullDisk) {
  given_ended({"DSa", "DSb", "DSc"});
  arm(Faults::Kind::disk_full, 4);  // At the first rename.
  const auto report = try_round();
  ASSERT_TRUE(report);
  EXPECT_THAT(report->settled, IsEmpty());
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSa.json", "DSb.json"));
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSa"), id_of("DSb"), id_of("DSc")));
}

TEST_F(StagingTest, RecoveryRemovesRecordsWithoutStagedRowsBeforeItPublishes) {
  given_ended({"DSa", "DSb", "DSc"});
  arm(Faults::Kind::death, 13);  // At the first rename.
  EXPECT_THROW(try_round(), Death);
  ASSERT_EQ(rows().open.size(), 3U);
  ASSERT_TRUE(rows().open.at(id_of("DSa")).staged);
  ASSERT_THAT(names_in("staging"), ElementsAre(".used", "DSa.json", "DSb.json", "DSc.json"));
  arm(Faults::Kind::disk_full, 0);  // At the first rename again.
  EXPECT_EQ(error_of_start().code, Errc::disk_full);
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSa.json", "DSb.json"));
}

}  // namespace
}  // namespace attestrd::test
