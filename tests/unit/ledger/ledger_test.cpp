#include "ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class LedgerTest : public ::testing::Test, public World {};

/// An inbox on a file system whose calls fail with EAGAIN.
class BusyInbox final : public Inbox {
 public:
  Result<InboxScan> scan(ScanRequest, Mono, std::size_t) override {
    return fail(Errc::unavailable, "EAGAIN");
  }
  Result<InboxSettlement> settle() override { return InboxSettlement{}; }
  void rewind() override {}
};

TEST_F(LedgerTest, AnUnavailableInboxIsAnIoFailure) {
  Faults faults;
  MemoryFolder root(faults);
  MemoryDirectory folder(root);
  MemoryStore store;
  MemoryQueue queue(store, faults);
  const auto spool = *FolderSpool::open(folder);
  BusyInbox inbox;
  Ledger ledger(inbox, queue, *spool);
  ASSERT_TRUE(ledger.recover({}, clocks()));
  ASSERT_TRUE(ledger.claim(1));
  RoundRequest scan;
  scan.scan_inbox.emplace();
  const auto report = ledger.round(scan, clocks());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::io_failure) << "it would be waited for, for ever";
}

/// An inbox that notes when it is scanned.
class TimedInbox final : public Inbox {
 public:
  Result<InboxScan> scan(ScanRequest, Mono now, std::size_t) override {
    scanned_at = now;
    return InboxScan{};
  }
  Result<InboxSettlement> settle() override { return InboxSettlement{}; }
  void rewind() override {}

  std::optional<Mono> scanned_at;
};

TEST_F(LedgerTest, AScanThatWaitedForTheQueueHasTheTimeOfItsRound) {
  Faults faults;
  MemoryFolder root(faults);
  MemoryDirectory folder(root);
  MemoryStore store;
  MemoryQueue queue(store, faults);
  const auto spool = *FolderSpool::open(folder);
  TimedInbox inbox;
  Ledger ledger(inbox, queue, *spool);
  ASSERT_TRUE(ledger.recover({}, clocks()));
  request.scan_inbox.emplace();
  faults.arm(Faults::Kind::unavailable, 0);
  ASSERT_FALSE(ledger.round(request, clocks()));
  now += std::chrono::minutes(10);
  ASSERT_TRUE(ledger.round(request, clocks()));
  EXPECT_EQ(inbox.scanned_at, clocks().mono);
}

TEST_F(LedgerTest, LinesBeforeAFaultOfAReadAreAccepted) {
  given_submission("list", "DSa\n");
  start();
  request.scan_inbox = scan();
  given_failing_read(2);  // At the end of the file, once its line is read.
  EXPECT_THAT(round().accepted, SizeIs(1));
  EXPECT_THAT(polling(), ElementsAre("DSa"));
}

TEST_F(LedgerTest, LinesBeforeAFaultOfAReadAreNotForgottenOnAFullDisk) {
  given_submission("list", "DSa\n");
  start();
  for (int tries = 0; tries < 2; ++tries) {
    request.scan_inbox = scan();
    given_failing_read(2);
    arm(Faults::Kind::disk_full, 0);
    round();
  }
  EXPECT_THAT(polling(), ElementsAre("DSa"));
  EXPECT_TRUE(fault_is_spent());
}

TEST_F(LedgerTest, AcceptsTheIdsOfAFileAndRemovesIt) {
  given_submission("list", "DSa\nDSb\n# a comment\n\n{\"id\":\"DSc\",\"tag\":\"7\"}\n");
  start();
  request.scan_inbox = scan();
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
  EXPECT_EQ(rows().ended.at(id_of("DSa")).outcome, Outcome::completed);
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

TEST_F(LedgerTest, AnEndedIdIsNotAcceptedAgain) {
  given_submission("first", "DSa\n");
  start();
  take_in();
  given_submission("second", "DSa\nDSa\n");
  end("DSa", Outcome::completed);
  request.scan_inbox = scan();
  EXPECT_THAT(round().accepted, IsEmpty()) << "it ended in this very round";
  settle();
  given_submission("third", "DSa\n");
  take_in();
  EXPECT_EQ(logged(Event::inbox_already_ended), 3U);
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
}

TEST_F(LedgerTest, SummarisesManyNoticesOfAKind) {
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

TEST_F(LedgerTest, AFinishWithoutARowIsNotPublished) {
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
  arm(Faults::Kind::disk_full, 0);  // At the write of the record.
  const auto report = try_round();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::disk_full);
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
  EXPECT_THAT(names_in("results"), IsEmpty());
  EXPECT_THAT(polling(), ElementsAre("DSa"));
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSa"))) << "with the same request";
}

TEST_F(LedgerTest, RecordsThatDoNotFitTogetherArePublishedInParts) {
  given_submission("list", "DSa\nDSb\nDSc\nDSd\nDSe\n");
  start();
  take_in();
  for (const auto* const id : {"DSa", "DSb", "DSc", "DSd", "DSe"}) end(id, Outcome::completed);
  given_submission("DSlate", "");
  request.scan_inbox = scan();
  given_room_for(1 + 2);  // One name is the marker file in staging/.
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

TEST_F(LedgerTest, RecordsBeyondTheBoundOfARoundWaitForTheNext) {
  bounds.records = 2;
  given_submission("list", "DSa\nDSb\nDSc\n");
  start();
  take_in();
  for (const auto* const id : {"DSa", "DSb", "DSc"}) end(id, Outcome::completed);
  given_submission("DSlate", "");
  request.scan_inbox = scan();
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

TEST_F(LedgerTest, ARecordWhoseRenameMeetsAFullDiskIsPublishedLater) {
  given_submission("list", "DSa\nDSb\n");
  start();
  take_in();
  end("DSa", Outcome::completed);
  end("DSb", Outcome::completed);
  arm(Faults::Kind::disk_full, 4);  // At the second rename.
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSa")));
  ASSERT_TRUE(fault_is_spent());
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSb")));
  EXPECT_EQ(logged(Event::handshake_completed), 2U);
}

TEST_F(LedgerTest, AnotherFileUnderTheNameIsKept) {
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
  EXPECT_EQ(last_logged(Event::spool_conflict).file, "results/DSa.json");
  EXPECT_EQ(last_logged(Event::handshake_completed).file, "rejected/DSa.2.json");
  settle();
  EXPECT_EQ(rows().ended.at(id_of("DSa")).diverted_to, "rejected/DSa.2.json");
}

TEST_F(LedgerTest, RecoveryFindsARecordThatWasDivertedBeforeTheCrash) {
  given_submission("list", "DSa\nDSb\n");
  given_file("results", "DSa.json", "somebody else's");
  given_file("rejected", "DSa.json", "an older one");
  start();
  take_in();
  end("DSa", Outcome::completed);
  end("DSb", Outcome::completed);
  round();
  die();  // Before the commit of the marks.
  ASSERT_TRUE(rows().ended.empty());
  start();
  settle();
  EXPECT_EQ(rows().ended.at(id_of("DSa")).diverted_to, "rejected/DSa.2.json");
  EXPECT_EQ(rows().ended.at(id_of("DSb")).diverted_to, "");
  EXPECT_EQ(logged(Event::spool_conflict), 2U) << "the log of the process before may be lost";
}

TEST_F(LedgerTest, ASubmissionOfAPendingHandshakeIsToldWhatIsIgnored) {
  bounds.give_up_after = std::chrono::hours(25);
  given_submission("first", "DSa\n");
  start();
  take_in();
  given_submission("tag", R"({"id":"DSa","tag":"another"})"
                          "\n");
  request.scan_inbox = scan();
  const auto report = round();
  ASSERT_EQ(report.accepted.size(), 1U);
  EXPECT_EQ(report.accepted[0].tag, "");
  EXPECT_EQ(last_logged(Event::inbox_merged).level, Level::warn);
  EXPECT_EQ(last_logged(Event::inbox_merged).handshake, id_of("DSa"));
  EXPECT_THAT(last_logged(Event::inbox_merged).message, HasSubstr("ignored"));
  given_submission("expiry", R"({"id":"DSa","expiry":7000000000000})"
                             "\n");
  take_in();
  EXPECT_EQ(logged(Event::inbox_merged), 2U);
  EXPECT_EQ(last_logged(Event::inbox_merged).level, Level::warn);
  EXPECT_THAT(last_logged(Event::inbox_merged).message, HasSubstr("7 days"));
}

TEST_F(LedgerTest, QuarantinesFilesWithoutARow) {
  given_file("staging", "DSx.json", "whose?");
  given_file("staging", "core", "what?");
  start();
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSx.json", "core"));
  EXPECT_EQ(logged(Event::spool_quarantined), 2U);
}

TEST_F(LedgerTest, ARecordThatDiffersFromItsRowIsQuarantinedAndPolledAgain) {
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

TEST_F(LedgerTest, ARecordThatIsMissingFromAReplacedStagingIsNotPublished) {
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

TEST_F(LedgerTest, AListOfBadLinesThatMeetsAFullDiskWaitsAndIsLoggedOnce) {
  given_submission("list", "DSa\nno id\n");
  start();
  fill("refused", true);
  request.scan_inbox = scan();
  EXPECT_TRUE(round().inbox_waits);
  EXPECT_THAT(polling(), ElementsAre("DSa"));
  EXPECT_EQ(logged(Event::inbox_refused), 2U) << "its bad line, and that it waits";
  for (int i = 0; i < 100; ++i) {
    request.scan_inbox = scan();
    EXPECT_TRUE(round().inbox_waits);
  }
  EXPECT_THAT(claimed_names(), ElementsAre("1-list"));
  EXPECT_EQ(logged(Event::inbox_refused), 2U);
  EXPECT_EQ(logged(Event::inbox_merged), 0U);
  fill("refused", false);
  take_in();
  EXPECT_THAT(claimed_names(), IsEmpty());
  EXPECT_THAT(names_in("refused"), ElementsAre("list"));
  EXPECT_EQ(logged(Event::inbox_refused), 2U);
  EXPECT_EQ(logged(Event::inbox_accepted), 1U);
}

TEST_F(LedgerTest, RequestsAreGrantedOnceTheyAreReserved) {
  start();
  request.reserve = DayRequests{20'000, 300};
  EXPECT_FALSE(request.is_empty());
  EXPECT_EQ(round().reserved, (Reservation{20'000, 300, 300}));
  EXPECT_EQ(rows().reserved.at("node"), (DayRequests{20'000, 300}));
  EXPECT_EQ(round().reserved, std::nullopt);
}

TEST_F(LedgerTest, AReservationThatMeetsAFullDiskGrantsNothing) {
  start();
  request.reserve = DayRequests{20'000, 300};
  arm(Faults::Kind::disk_full, 0);
  ASSERT_FALSE(try_round());
  EXPECT_TRUE(rows().reserved.empty());
  EXPECT_EQ(round().reserved, (Reservation{20'000, 300, 300})) << "it waits for room";
}

TEST_F(LedgerTest, GrantsOfADayAddUpInTheQueue) {
  start();
  request.reserve = DayRequests{20'000, 300};
  round();
  start();
  request.reserve = DayRequests{20'000, 50};
  EXPECT_EQ(round().reserved, (Reservation{20'000, 50, 50}));
  EXPECT_EQ(rows().reserved.at("node"), (DayRequests{20'000, 350}));
  request.give_back = DayRequests{20'000, 20};
  EXPECT_EQ(round().reserved, std::nullopt);
  EXPECT_EQ(rows().reserved.at("node"), (DayRequests{20'000, 330}));
  request.give_back = DayRequests{19'999, 20};
  round();
  EXPECT_EQ(rows().reserved.at("node"), (DayRequests{20'000, 330})) << "that day is over";
  request.reserve = DayRequests{20'001, 10};
  EXPECT_EQ(round().reserved, (Reservation{20'001, 10, 10}));
  EXPECT_EQ(rows().reserved.at("node"), (DayRequests{20'001, 10}));
}

TEST_F(LedgerTest, AReservationWhoseAnswerIsLostIsMadeOnce) {
  start();
  request.reserve = DayRequests{20'000, 300};
  arm(Faults::Kind::answer_lost, 0);
  EXPECT_EQ(try_round().error().code, Errc::unavailable);
  EXPECT_TRUE(has_work());
  EXPECT_EQ(round().reserved, (Reservation{20'000, 300, 300}));
  EXPECT_EQ(rows().reserved.at("node"), (DayRequests{20'000, 300}));
}

TEST_F(LedgerTest, GrantsLessIfOthersHaveReserved) {
  given_daily_limit(1000);
  given_reserved_by_others({20'000, 900});
  start();
  request.reserve = DayRequests{20'000, 300};
  EXPECT_EQ(round().reserved, (Reservation{20'000, 300, 100}));
  request.reserve = DayRequests{20'000, 5};
  EXPECT_EQ(round().reserved, (Reservation{20'000, 5, 0}));
  EXPECT_EQ(rows().reserved.at("node"), (DayRequests{20'000, 100}));
}

TEST_F(LedgerTest, LearntDeltasAddUpIfAnAnswerIsLost) {
  start();
  const auto learn = [this] {
    Hazard current;
    current.saw_done(std::chrono::seconds(10), std::chrono::seconds(20));
    request.learnt = current.delta_since(Hazard());
  };
  learn();
  round();
  learn();
  arm(Faults::Kind::answer_lost, 0);
  round();
  EXPECT_NEAR(rows().learnt.at("node").completions(), 2, 0.01);
  start();
  learn();
  round();
  EXPECT_NEAR(rows().learnt.at("node").completions(), 3, 0.01);
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
  ASSERT_EQ(rows().ended.size(), 1U);
  request.purge_older_than = std::chrono::hours(1);
  round();
  EXPECT_EQ(rows().ended.size(), 1U) << "it ended just now";
  for (int minute = 0; minute <= 60; ++minute) {
    EXPECT_FALSE(rows().ended.empty()) << "after " << minute << " minutes";
    now += std::chrono::minutes(1);
    request.purge_older_than = std::chrono::hours(1);
    round();
  }
  EXPECT_TRUE(rows().ended.empty());
}

TEST_F(LedgerTest, RowsOfAnotherOwnerAreReportedOnceAndNotPublished) {
  given_submission("list", "DSa\nDSb\n");
  start();
  take_in();
  given_taken_over();
  end("DSa", Outcome::completed);
  request.progress.push_back({id_of("DSb"), 12, now});
  const auto report = round();
  EXPECT_THAT(report.lost, ElementsAre(id_of("DSa"), id_of("DSb")));
  EXPECT_THAT(report.settled, ElementsAre(id_of("DSa")));
  EXPECT_EQ(logged(Event::spool_conflict), 1U);
  EXPECT_EQ(rows().open.at(id_of("DSb")).row.polls, 0U);
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
  EXPECT_THAT(names_in("results"), IsEmpty());
  EXPECT_THAT(round().lost, IsEmpty());
}

TEST_F(LedgerTest, ARowThatIsTakenOverWhileItsRecordIsWrittenIsNotPublished) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  arm(Faults::Kind::unavailable, 2);  // At the batch, after the write of the record.
  EXPECT_EQ(try_round().error().code, Errc::unavailable);
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSa.json"));
  given_taken_over();
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSa")));
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
  EXPECT_THAT(names_in("results"), IsEmpty());
}

TEST_F(LedgerTest, ARecordWhoseRowWasStagedBeforeATakeOverIsPublished) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  arm(Faults::Kind::answer_lost, 0);
  EXPECT_EQ(try_round().error().code, Errc::unavailable);
  given_taken_over();
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSa")));
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
  settle();
  EXPECT_EQ(rows().ended.size(), 1U);
}

TEST_F(LedgerTest, ARoundKeepsItsBatchWhileTheQueueIsUnavailable) {
  given_submission("list", "DSa\nDSb\nno id\n");
  start();
  take_in();
  given_submission("DSc", "");
  request.scan_inbox = scan();
  end("DSa", Outcome::completed);
  arm(Faults::Kind::unavailable, 2);  // At the batch.
  EXPECT_EQ(try_round().error().code, Errc::unavailable);
  EXPECT_TRUE(request.is_empty());
  EXPECT_TRUE(has_work());
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSa.json"));
  EXPECT_THAT(names_in("results"), IsEmpty());
  EXPECT_THAT(claimed_names(), ElementsAre("2-DSc"));
  end("DSb", Outcome::completed);
  const auto report = try_round();
  ASSERT_TRUE(report);
  EXPECT_THAT(report->settled, ElementsAre(id_of("DSa")));
  EXPECT_THAT(report->accepted, SizeIs(1));
  EXPECT_THAT(claimed_names(), IsEmpty());
  EXPECT_THAT(request.finishes, SizeIs(1)) << "what came later waits for the next round";
}

TEST_F(LedgerTest, AQueueThatIsUnavailableBeforeTheFirstWriteLeavesTheRequest) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  for (const int step : {0, 1}) {  // At the renewal, and at the lookup of the row.
    arm(Faults::Kind::unavailable, step);
    EXPECT_EQ(try_round().error().code, Errc::unavailable);
    EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
    EXPECT_THAT(request.finishes, SizeIs(1));
  }
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSa")));
}

TEST_F(LedgerTest, AFullDiskDropsNoBatchThatMayBeCommitted) {
  given_submission("DSa", "");
  start();
  take_in();
  end("DSa", Outcome::completed);
  arm(Faults::Kind::answer_lost, 0);
  then_arm(Faults::Kind::disk_full, 0);
  EXPECT_EQ(try_round().error().code, Errc::unavailable);
  EXPECT_EQ(try_round().error().code, Errc::disk_full);
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSa.json"));
  EXPECT_THAT(round().settled, ElementsAre(id_of("DSa")));
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
}

TEST_F(LedgerTest, ADoubtedAnswerIsThereAfterARestartWhileItsHandshakeIsPending) {
  given_submission("list", "DSa\nDSb\n");
  start();
  take_in();
  doubt("DSa", R"({"_id":"DSa","version":1})");
  doubt("DSgone", "{}");
  round();
  doubt("DSa", R"({"_id":"DSa","version":2})");
  doubt("DSb", R"({"_id":"DSb"})");
  round();
  lose_power();
  start();
  EXPECT_THAT(doubted(), ElementsAre(Pair("DSa", R"({"_id":"DSa","version":2})"),
                                     Pair("DSb", R"({"_id":"DSb"})")));
  EXPECT_EQ(logged(Event::spool_quarantined), 0U);

  end("DSa", Outcome::completed);
  round();
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSb.doubted"));
  given_taken_away("DSb");
  start();
  EXPECT_THAT(doubted(), IsEmpty());
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
}

TEST_F(LedgerTest, ADoubtedAnswerThatIsCutOffCountsAsNone) {
  given_submission("list", "DSa\nDSb\n");
  start();
  take_in();
  doubt("DSa", R"({"_id":"DSa"})");
  doubt("DSb", R"({"_id":"DSb"})");
  round();
  const auto text = text_of("staging", "DSa.doubted");
  given_file("staging", "DSa.doubted", text.substr(0, text.size() / 2));
  given_file("staging", "DSb.doubted", text);
  start();
  EXPECT_THAT(doubted(), IsEmpty());
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
}

}  // namespace
}  // namespace attestrd::test
