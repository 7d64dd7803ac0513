#include "ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LedgerTest : public ::testing::Test, public World {};

TEST_F(LedgerTest, TakesInAFileAndRemovesIt) {
  given_submission("list", "DSa\nDSb\n# a comment\n\n{\"id\":\"DSc\",\"tag\":\"7\"}\n");
  start();
  request.scan_inbox = true;
  const auto report = round();
  ASSERT_EQ(report.accepted.size(), 3U);
  EXPECT_EQ(report.accepted[2].tag, "7");
  EXPECT_FALSE(report.inbox_has_more);
  EXPECT_THAT(polling(), ElementsAre("DSa", "DSb", "DSc"));
  EXPECT_THAT(inbox_names(), IsEmpty());
  ASSERT_EQ(logged(Event::inbox_accepted), 1U);
  EXPECT_EQ(last_logged(Event::inbox_accepted).count, 3U);
  EXPECT_EQ(last_logged(Event::inbox_accepted).file, "list");
}

TEST_F(LedgerTest, PublishesAFinishAndReportsIt) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  const auto report = round();
  EXPECT_THAT(report.settled, ElementsAre(id_of("DSa")));
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
  ASSERT_EQ(logged(Event::handshake_completed), 1U);
  EXPECT_EQ(last_logged(Event::handshake_completed).polls, 7U);
  EXPECT_EQ(last_logged(Event::handshake_completed).request_id, "req-1");
  settle();
  EXPECT_TRUE(rows().open.empty());
  EXPECT_EQ(rows().ended.at(id_of("DSa")), Outcome::completed);
}

TEST_F(LedgerTest, LogsEachOutcomeAtItsLevel) {
  given_submission("list", "DSa\nDSf\nDSr\n");
  start();
  take_in();
  end("DSa", Outcome::archived);
  end("DSf", Outcome::failed, Reason::expired);
  end("DSr", Outcome::rejected, Reason::invalid_signature);
  round();
  EXPECT_EQ(last_logged(Event::handshake_archived).level, Level::warn);
  EXPECT_EQ(last_logged(Event::handshake_failed).level, Level::warn);
  EXPECT_EQ(last_logged(Event::handshake_failed).reason, "expired");
  EXPECT_EQ(last_logged(Event::handshake_rejected).level, Level::error);
  EXPECT_THAT(names_in("archived"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("failed"), ElementsAre("DSf.json"));
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSr.json"));
}

TEST_F(LedgerTest, AnIdThatEndedIsNotTakenInAgain) {
  given_submission("first", "DSa\n");
  start();
  take_in();
  given_submission("second", "DSa\nDSa\n");
  end("DSa", Outcome::completed);
  request.scan_inbox = true;
  EXPECT_THAT(round().accepted, IsEmpty()) << "it ended in this very round";
  settle();
  given_submission("third", "DSa\n");
  take_in();
  EXPECT_EQ(logged(Event::inbox_already_ended), 3U);
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
}

TEST_F(LedgerTest, SumsUpManyOfAKind) {
  std::string ids;
  for (int i = 0; i < 25; ++i) ids += "DS" + std::to_string(i) + "\n";
  given_submission("first", ids);
  start();
  take_in();
  given_submission("second", ids);
  take_in();
  EXPECT_EQ(logged(Event::inbox_merged), 11U);
  EXPECT_EQ(last_logged(Event::inbox_merged).count, 15U);
}

TEST_F(LedgerTest, AFinishWhoseRowWasTakenAwayIsNotPublished) {
  start();
  end("DSgone", Outcome::completed);
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSgone")));
  EXPECT_THAT(names_in("results"), IsEmpty());
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
  EXPECT_EQ(logged(Event::spool_conflict), 1U);
}

TEST_F(LedgerTest, TheSameFinishTwiceIsPublishedOnce) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  end("DSa", Outcome::failed, Reason::expired);
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("failed"), IsEmpty());
}

TEST_F(LedgerTest, AFullDiskChangesNothing) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  arm(Faults::Kind::disk_full, 2);  // begin and stage have room, the record has not.
  const auto report = try_round();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::disk_full);
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
  EXPECT_THAT(names_in("results"), IsEmpty());
  EXPECT_THAT(polling(), ElementsAre("DSa"));
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSa"))) << "with the same request";
}

TEST_F(LedgerTest, WhatHasNoRoomTogetherIsPublishedInParts) {
  given_submission("list", "DSa\nDSb\nDSc\nDSd\nDSe\n");
  start();
  take_in();
  for (const auto* const id : {"DSa", "DSb", "DSc", "DSd", "DSe"}) end(id, Outcome::completed);
  given_submission("DSlate", "");
  request.scan_inbox = true;
  given_room_for(1 + 2);  // One name is that of the mark in staging/.
  ASSERT_FALSE(try_round());
  const auto part = try_round();
  ASSERT_TRUE(part) << "less than before";
  EXPECT_THAT(part->settled, ElementsAre(id_of("DSa"), id_of("DSb")));
  EXPECT_FALSE(part->inbox_scanned);
  given_room_for(1 + 1);
  const auto rest = round();
  EXPECT_THAT(rest.settled, ElementsAre(id_of("DSc"), id_of("DSd"), id_of("DSe")));
  EXPECT_THAT(names_in("results"), SizeIs(5));
  EXPECT_TRUE(rest.inbox_scanned) << "it comes last";
  EXPECT_THAT(polling(), ElementsAre("DSlate"));
}

TEST_F(LedgerTest, MoreRecordsThanARoundTakesWaitForTheNext) {
  bounds.records = 2;
  given_submission("list", "DSa\nDSb\nDSc\n");
  start();
  take_in();
  for (const auto* const id : {"DSa", "DSb", "DSc"}) end(id, Outcome::completed);
  given_submission("DSlate", "");
  request.scan_inbox = true;
  const auto first = try_round();
  ASSERT_TRUE(first);
  EXPECT_THAT(first->settled, ElementsAre(id_of("DSa"), id_of("DSb")));
  EXPECT_TRUE(first->inbox_scanned) << "the intake waits for none of them";
  EXPECT_THAT(request.finishes, SizeIs(1));
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSc.json")) << "written meanwhile";
  EXPECT_THAT(polling(), ElementsAre("DSc", "DSlate")) << "its row has to wait";
  const auto second = try_round();
  ASSERT_TRUE(second);
  EXPECT_THAT(second->settled, ElementsAre(id_of("DSc")));
  EXPECT_TRUE(request.is_empty());
}

TEST_F(LedgerTest, ARecordThatFindsNoRoomInItsFolderIsPublishedLater) {
  given_submission("list", "DSa\nDSb\n");
  start();
  take_in();
  end("DSa", Outcome::completed);
  end("DSb", Outcome::completed);
  arm(Faults::Kind::disk_full, 7);  // The second rename.
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSa")));
  ASSERT_TRUE(fault_is_spent());
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSb")));
  EXPECT_EQ(logged(Event::handshake_completed), 2U);
}

TEST_F(LedgerTest, AnOtherFileUnderTheNameIsKept) {
  given_submission("DSa", "");
  given_file("results", "DSa.json", "somebody else's");
  given_file("rejected", "DSa.json", "an older one");
  start();
  take_in();
  end("DSa", Outcome::completed);
  round();
  EXPECT_EQ(text_of("results", "DSa.json"), "somebody else's");
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSa.2.json", "DSa.json"));
  EXPECT_EQ(last_logged(Event::spool_conflict).level, Level::error);
}

TEST_F(LedgerTest, PutsAsideWhatNoRowKnows) {
  given_file("staging", "DSx.json", "whose?");
  given_file("staging", "core", "what?");
  start();
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSx.json", "core"));
  EXPECT_EQ(logged(Event::spool_quarantined), 2U);
}

TEST_F(LedgerTest, ARecordThatIsNotWhatTheRowSaysIsPutAsideAndPolledAgain) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  arm(Faults::Kind::death, 8);
  EXPECT_THROW(round(), Death);
  ASSERT_TRUE(rows().open.at(id_of("DSa")).staged) << "it died between commit and rename";
  given_file("staging", "DSa.json", "torn");
  start();
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("results"), IsEmpty());
  EXPECT_THAT(polling(), ElementsAre("DSa"));
}

TEST_F(LedgerTest, TakesNoRecordForPublishedThatAnotherStagingHolds) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  arm(Faults::Kind::death, 8);
  EXPECT_THROW(round(), Death);
  ASSERT_TRUE(rows().open.at(id_of("DSa")).staged) << "it died between commit and rename";
  const auto its_staging = swap_folder("staging", {});
  for (int tries = 0; tries < 2; ++tries) EXPECT_EQ(error_of_start().code, Errc::io_failure);
  swap_folder("staging", its_staging);
  start();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
}

TEST_F(LedgerTest, WritesNothingIntoAFolderThatIsNotInItsPlace) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  set_in_place("results", false);
  const auto report = try_round();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::io_failure);
  EXPECT_THAT(polling(), ElementsAre("DSa"));
  EXPECT_THAT(names_in("results"), IsEmpty());
}

TEST_F(LedgerTest, AListThatFindsNoRoomWaitsAndIsToldOfOnce) {
  given_submission("list", "DSa\nno id\n");
  start();
  fill("refused", true);
  request.scan_inbox = true;
  EXPECT_TRUE(round().inbox_waits);
  EXPECT_THAT(polling(), ElementsAre("DSa"));
  EXPECT_EQ(logged(Event::inbox_refused), 2U) << "its bad line, and that it waits";
  for (int i = 0; i < 100; ++i) {
    request.scan_inbox = true;
    EXPECT_TRUE(round().inbox_waits);
  }
  EXPECT_THAT(inbox_names(), ElementsAre("list"));
  EXPECT_EQ(logged(Event::inbox_refused), 2U);
  EXPECT_EQ(logged(Event::inbox_merged), 0U);
  fill("refused", false);
  take_in();
  EXPECT_THAT(inbox_names(), IsEmpty());
  EXPECT_THAT(names_in("refused"), ElementsAre("list"));
  EXPECT_EQ(logged(Event::inbox_refused), 2U);
  EXPECT_EQ(logged(Event::inbox_accepted), 1U);
}

TEST_F(LedgerTest, AReservationIsToldOfOnceItIsCommitted) {
  start();
  request.reservation = DayRequests{20'000, 300};
  EXPECT_FALSE(request.is_empty());
  EXPECT_EQ(round().reserved, (DayRequests{20'000, 300}));
  EXPECT_EQ(rows().reserved, (DayRequests{20'000, 300}));
  EXPECT_EQ(round().reserved, std::nullopt);
}

TEST_F(LedgerTest, AReservationThatFindsNoRoomIsNotToldOf) {
  start();
  request.reservation = DayRequests{20'000, 300};
  arm(Faults::Kind::disk_full, 0);
  ASSERT_FALSE(try_round());
  EXPECT_EQ(rows().reserved, std::nullopt);
  EXPECT_EQ(round().reserved, (DayRequests{20'000, 300})) << "it waits for room";
}

TEST_F(LedgerTest, ProgressAndPurgeReachTheQueue) {
  given_submission("list", "DSa\nDSb\n");
  start();
  take_in();
  request.progress.push_back({id_of("DSa"), 12, now});
  request.progress.push_back({id_of("DSnobody"), 1, now});
  round();
  EXPECT_EQ(rows().open.at(id_of("DSa")).row.polls, 12U);
  end("DSb", Outcome::completed);
  round();
  settle();
  request.purge_older_than = std::chrono::hours(1);
  round();
  EXPECT_TRUE(rows().ended.empty());
  EXPECT_EQ(rows().purged_before, now - std::chrono::hours(1));
}

}  // namespace
}  // namespace attestrd::test
