#include "ledger/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "contract/memory_files.h"
#include "queue/queue_merge.h"
#include "spool/folder_spool.h"
#include "spool/record.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using namespace std::chrono_literals;

const Wall kSubmitted{std::chrono::seconds(1'700'000'000)};
const Wall kEnded = kSubmitted + 1h;

HandshakeId id_of(std::string_view text) {
  const auto id = HandshakeId::parse(text);
  ATTESTRD_CHECK(id.has_value());
  return *id;
}

QueuedHandshake queued(std::string_view id) { return {id_of(id), "7", kSubmitted, {}, {}, 3}; }

std::string record_of(std::string_view id, Outcome outcome = Outcome::completed,
                      Wall submitted_at = kSubmitted, Wall finished_at = kEnded) {
  const Finish finish{id_of(id), outcome, Reason::none, 4, {}, finished_at, {}, "", "", ""};
  return write_record(finish, "7", submitted_at);
}

StagedHandshake staged(std::string_view id) {
  return {id_of(id), Outcome::completed, Reason::none, kEnded, fingerprint_of(record_of(id))};
}

Tombstone ended(std::string_view id, Wall finished_at = kEnded) {
  return {id_of(id), Outcome::completed, finished_at};
}

/// A backup and a queue in memory.
class MemoryMerge final : public QueueMerge {
 public:
  Result<std::optional<std::uint64_t>> number() override {
    if (step()) return fail(Errc::io_failure, "number");
    return mark;
  }

  Result<std::optional<BackupRow>> next() override {
    if (step()) return fail(Errc::io_failure, "next");
    if (backup.empty()) return std::optional<BackupRow>();
    const auto row = backup.front();
    backup.pop_front();
    return std::optional(row);
  }

  Result<KnownHandshake> present(const HandshakeId& id) override {
    if (step()) return fail(Errc::io_failure, "present");
    if (written.contains(std::string(id.view()))) return KnownHandshake(EndedHandshake{});
    const auto found = queue.find(id);
    return found == queue.end() ? KnownHandshake() : found->second;
  }

  Result<void> put(const BackupRow& row) override {
    if (step()) return fail(Errc::io_failure, "put");
    if (const auto* const pending = std::get_if<QueuedHandshake>(&row.row))
      written[std::string(pending->id.view())] = "polling";
    if (const auto* const ending = std::get_if<StagedHandshake>(&row.row))
      written[std::string(ending->id.view())] = "staged";
    if (const auto* const tombstone = std::get_if<Tombstone>(&row.row)) {
      written[std::string(tombstone->id.view())] = "ended";
      tombstones.insert_or_assign(tombstone->id, *tombstone);
    }
    return {};
  }

  Result<void> commit() override {
    if (step()) return fail(Errc::io_failure, "commit");
    is_committed = true;
    return {};
  }

  bool step() { return steps_to_failure-- == 0; }

  std::optional<std::uint64_t> mark = 5;
  std::deque<BackupRow> backup;
  std::map<HandshakeId, KnownHandshake> queue;
  std::map<std::string, std::string> written;
  std::map<HandshakeId, Tombstone> tombstones;
  bool is_committed = false;
  int steps_to_failure = -1;
};

class RestoreTest : public ::testing::Test {
 protected:
  void given_record(const std::string& folder, std::string_view id, const std::string& text) {
    root_.folder(folder).names[std::string(id) + ".json"] = text;
  }

  void given_pending(std::string_view id) { merge_.backup.push_back({queued(id), {}}); }
  void given_staged(std::string_view id) { merge_.backup.push_back({staged(id), queued(id)}); }
  void given_ended(std::string_view id) { merge_.backup.push_back({ended(id), {}}); }
  void given_waiting(std::string_view id) { merge_.backup.push_back({ended(id), queued(id)}); }
  void given_present(std::string_view id, KnownHandshake known) { merge_.queue[id_of(id)] = known; }

  Result<RestoreCounts> restore_all() {
    MemoryDirectory root(root_);
    spool_ = *FolderSpool::open(root);
    return restore(merge_, *spool_, spool_mark_);
  }

  RestoreCounts restored() {
    const auto counts = restore_all();
    EXPECT_TRUE(counts) << counts.error().message;
    EXPECT_TRUE(merge_.is_committed);
    return counts ? *counts : RestoreCounts();
  }

  Faults faults_;
  MemoryFolder root_{faults_};
  std::unique_ptr<FolderSpool> spool_;
  MemoryMerge merge_;
  std::uint64_t spool_mark_ = 0;
};

TEST_F(RestoreTest, WithoutAnythingElseTheRowsAreThoseOfTheBackup) {
  given_pending("DSpending");
  given_ended("DSended");
  const auto counts = restored();
  EXPECT_THAT(merge_.written, ElementsAre(Pair("DSended", "ended"), Pair("DSpending", "polling")));
  EXPECT_EQ(counts.pending, 1U);
  EXPECT_EQ(counts.ended, 1U);
  EXPECT_EQ(counts.again + counts.known_better + counts.staged, 0U);
}

TEST_F(RestoreTest, APendingRowHasEndedIfItsRecordIsThere) {
  const std::pair<const char*, Outcome> folders[] = {{"results", Outcome::completed},
                                                     {"archived", Outcome::archived},
                                                     {"failed", Outcome::failed},
                                                     {"rejected", Outcome::rejected}};
  for (const auto& [folder, outcome] : folders) {
    given_pending(folder);
    given_record(folder, folder, record_of(folder, outcome));
  }
  restored();
  EXPECT_THAT(merge_.written, ElementsAre(Pair("archived", "ended"), Pair("failed", "ended"),
                                          Pair("rejected", "ended"), Pair("results", "ended")));
}

TEST_F(RestoreTest, TheRecordOfAnEarlierSubmissionEndsNothing) {
  given_pending("DSa");
  given_record("failed", "DSa",
               record_of("DSa", Outcome::failed, kSubmitted - 9h, kSubmitted - 1h));
  given_pending("DSb");  // Its clock went back while it was pending.
  given_record("failed", "DSb", record_of("DSb", Outcome::failed, kSubmitted, kSubmitted - 1h));
  restored();
  EXPECT_THAT(merge_.written, ElementsAre(Pair("DSa", "polling"), Pair("DSb", "ended")));
}

TEST_F(RestoreTest, TheRecordOfALaterAttemptEndsItBesideThoseOfEarlierOnes) {
  const auto given_retried = [this](std::string_view id) {
    auto row = queued(id);
    row.attempt = 1;
    merge_.backup.push_back({row, {}});
    given_record("failed", id, record_of(id, Outcome::failed, kSubmitted - 2h, kSubmitted - 1h));
  };
  for (const auto* const id : {"DSpolled", "DSdone", "DSnumbered"}) given_retried(id);
  given_record("results", "DSdone", record_of("DSdone"));
  given_record("failed", "DSnumbered.2", record_of("DSnumbered", Outcome::failed));
  restored();
  EXPECT_THAT(merge_.written, ElementsAre(Pair("DSdone", "ended"), Pair("DSnumbered", "ended"),
                                          Pair("DSpolled", "polling")));
  EXPECT_EQ(merge_.tombstones.at(id_of("DSdone")).outcome, Outcome::completed);
}

TEST_F(RestoreTest, AReadmissionAfterTheBackupIsNotForgotten) {
  auto tombstone = ended("DSa");
  tombstone.outcome = Outcome::rejected;
  merge_.backup.push_back({tombstone, {}});
  given_record("results", "DSa", record_of("DSa", Outcome::completed, kSubmitted, kEnded + 1h));
  tombstone.id = id_of("DSb");
  merge_.backup.push_back({tombstone, queued("DSb")});
  given_record("failed", "DSb", record_of("DSb", Outcome::failed, kSubmitted, kEnded - 1h));
  given_record("rejected", "DSb", record_of("DSb", Outcome::rejected));
  restored();
  EXPECT_EQ(merge_.tombstones.at(id_of("DSa")).outcome, Outcome::completed);
  EXPECT_EQ(merge_.tombstones.at(id_of("DSa")).attempt, 1U);
  EXPECT_EQ(merge_.tombstones.at(id_of("DSb")).outcome, Outcome::rejected) << "failed came before";
  EXPECT_EQ(merge_.tombstones.at(id_of("DSb")).attempt, 0U);
}

TEST_F(RestoreTest, ARetryAfterTheBackupIsNotForgottenBesideItsEarlierRecord) {
  auto tombstone = ended("DSa");
  tombstone.outcome = Outcome::failed;
  merge_.backup.push_back({tombstone, {}});
  given_record("failed", "DSa", record_of("DSa", Outcome::failed));
  given_record("failed", "DSa.2", record_of("DSa", Outcome::failed, kEnded, kEnded + 1h));
  restored();
  EXPECT_EQ(merge_.tombstones.at(id_of("DSa")).finished_at, kEnded + 1h);
  EXPECT_EQ(merge_.tombstones.at(id_of("DSa")).attempt, 1U);
}

TEST_F(RestoreTest, ARecordWhoseSubmissionTimeWasPutRightAfterTheBackupEndsIt) {
  given_pending("DSback");
  given_record("failed", "DSback",
               record_of("DSback", Outcome::failed, kSubmitted - 30min, kSubmitted + 30min));
  given_pending("DSforward");
  given_record("failed", "DSforward",
               record_of("DSforward", Outcome::failed, kSubmitted + 9h, kSubmitted + 10h));
  restored();
  EXPECT_THAT(merge_.written, ElementsAre(Pair("DSback", "ended"), Pair("DSforward", "ended")));
}

TEST_F(RestoreTest, AStagedRowIsPolledAgainUnlessTheSpoolHasItsRecord) {
  given_staged("DSlost");
  given_staged("DSother");
  given_record("staging", "DSother", record_of("DSother") + " ");
  given_staged("DSpublished");
  given_record("results", "DSpublished", record_of("DSpublished"));
  given_staged("DSstaged");
  given_record("staging", "DSstaged", record_of("DSstaged"));
  const auto counts = restored();
  EXPECT_THAT(merge_.written,
              ElementsAre(Pair("DSlost", "polling"), Pair("DSother", "polling"),
                          Pair("DSpublished", "ended"), Pair("DSstaged", "staged")));
  EXPECT_EQ(counts.again, 2U);
  EXPECT_TRUE(root_.folder("staging").names.contains(".used")) << "the daemon would not start";
}

TEST_F(RestoreTest, ALostRecordIsFetchedAgainIfTheSpoolIsOlderThanTheBackup) {
  given_waiting("DSlost");
  given_waiting("DSthere");
  given_record("results", "DSthere", record_of("DSthere"));
  spool_mark_ = 4;
  const auto counts = restored();
  EXPECT_THAT(merge_.written, ElementsAre(Pair("DSlost", "polling"), Pair("DSthere", "ended")));
  EXPECT_EQ(counts.again, 1U);
}

TEST_F(RestoreTest, AMissingRecordWasTakenIfTheSpoolIsNewerThanTheBackup) {
  for (const std::uint64_t mark : {5, 6}) {
    merge_ = MemoryMerge();
    given_waiting("DStaken");
    spool_mark_ = mark;
    EXPECT_EQ(restored().ended, 1U);
    EXPECT_THAT(merge_.written, ElementsAre(Pair("DStaken", "ended")));
  }
}

TEST_F(RestoreTest, AQueueFileWithoutAMarkIsRestoredToo) {
  merge_.mark.reset();
  given_pending("DSa");
  given_staged("DSb");
  EXPECT_EQ(restored().pending, 2U);
}

TEST_F(RestoreTest, ThePresentQueueKeepsItsRows) {
  given_present("DSended", EndedHandshake{Outcome::completed, kEnded});
  given_pending("DSended");
  given_present("DSstaged", EndingHandshake{Outcome::completed, kEnded});
  given_pending("DSstaged");
  given_present("DSpending", queued("DSpending"));
  given_pending("DSpending");
  const auto counts = restored();
  EXPECT_THAT(merge_.written, IsEmpty());
  EXPECT_EQ(counts.known_better, 3U);
}

TEST_F(RestoreTest, AnEndingTakesThePlaceOfAnOlderRow) {
  given_present("DSpending", queued("DSpending"));
  given_ended("DSpending");
  given_present("DSstaged", EndingHandshake{Outcome::completed, kEnded});
  given_ended("DSstaged");
  restored();
  EXPECT_THAT(merge_.written, ElementsAre(Pair("DSpending", "ended"), Pair("DSstaged", "ended")));
}

TEST_F(RestoreTest, ANewSubmissionStaysBesideTheEndingOfAnEarlierOne) {
  given_present("DSpending", queued("DSpending"));
  merge_.backup.push_back({ended("DSpending", kSubmitted - 1h), {}});
  given_present("DSstaged", EndingHandshake{Outcome::completed, kEnded});
  merge_.backup.push_back({ended("DSstaged", kEnded - 1h), {}});
  given_present("DSended", EndedHandshake{Outcome::completed, kEnded});
  merge_.backup.push_back({ended("DSended"), {}});
  restored();
  EXPECT_THAT(merge_.written, IsEmpty());
}

TEST_F(RestoreTest, FilesThatAreNoRecordsAreNamedAndNothingIsRestored) {
  const std::string bad[] = {"", "{}", record_of("DSother"), record_of("DS3", Outcome::failed),
                             R"({"schema":"attestrd.result/1","id":"DS4","outcome":"completed",)"
                             R"("signature":{"status":"absent"}})"};
  for (std::size_t i = 0; i < std::size(bad); ++i) {
    given_pending("DS" + std::to_string(i));
    given_record("results", "DS" + std::to_string(i), bad[i]);
  }
  for (int i = 10; i < 20; ++i) {
    given_pending("DS" + std::to_string(i));
    given_record("results", "DS" + std::to_string(i), "");
  }
  const auto counts = restore_all();
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().code, Errc::invalid_input);
  EXPECT_THAT(counts.error().message, HasSubstr("results/DS0.json, results/DS1.json"));
  EXPECT_THAT(counts.error().message, HasSubstr("results/DS14.json, ..."));
  EXPECT_FALSE(merge_.is_committed);
}

TEST_F(RestoreTest, WhatWasPutAsideEndsNothing) {
  given_pending("DSa");
  given_record("rejected", "DSa", record_of("DSa"));
  given_pending("DSb");
  given_record("rejected", "DSb", "junk");
  restored();
  EXPECT_THAT(merge_.written, ElementsAre(Pair("DSa", "polling"), Pair("DSb", "polling")));
}

TEST_F(RestoreTest, ARecordOfAnUnknownHandshakeIsNotedAsEnded) {
  given_record("failed", "DSlater", record_of("DSlater", Outcome::failed));
  given_record("results", "DSjunk", "junk");
  given_record("rejected", "DSaside", record_of("DSaside"));
  given_record("results", "DSknown", record_of("DSknown"));
  given_present("DSknown", queued("DSknown"));
  EXPECT_EQ(restored().ended, 1U);
  EXPECT_THAT(merge_.written, ElementsAre(Pair("DSlater", "ended")));
}

TEST_F(RestoreTest, TheSignatureOfARecordIsNoted) {
  const std::string hex = "0102030405060708090a0b0c0d0e0f10" + std::string(32, '0');
  const auto answer = R"({"_id":"x","resultSignature":")" + hex + "\"}";
  Finish finish{id_of("DSa"), Outcome::completed, Reason::none, 1,   {},
                kEnded,       SigningForm::raw,   "",           "7", answer};
  given_record("results", "DSa", write_record(finish, "", kSubmitted));
  finish.id = id_of("DSrepeat");
  finish.is_repeat = true;
  given_record("results", "DSrepeat", write_record(finish, "", kSubmitted));
  restored();
  const auto& noted = merge_.tombstones.at(id_of("DSa"));
  EXPECT_EQ(noted.signature, signature_prefix(hex));
  EXPECT_EQ(noted.tag, "7");
  EXPECT_FALSE(merge_.tombstones.at(id_of("DSrepeat")).signature) << "it is that of another";
}

TEST(RestoredRow, KeepsTheSignatureThatASealedRecordDoesNotShow) {
  const SignaturePrefix signature{7};
  BackupRow row{staged("DSa"), queued("DSa")};
  std::get<StagedHandshake>(row.row).signature = signature;
  SpoolView spool;
  spool.record = {Outcome::completed, kSubmitted, kEnded, "", {}};
  EXPECT_EQ(std::get<Tombstone>(restored_row(row, spool).row).signature, signature);
}

TEST(RestoredRow, KeepsWhatIsKnownOfEarlierEndings) {
  const SignaturePrefix signature{7};
  BackupRow row{ended("DSa"), queued("DSa")};
  auto& tombstone = std::get<Tombstone>(row.row);
  tombstone.attempt = 2;
  tombstone.signature = signature;
  tombstone.diverted_to = "rejected/DSa.json";
  row.again->attempt = 2;
  const auto lost = restored_row(row, {});
  EXPECT_EQ(std::get<QueuedHandshake>(lost.row).attempt, 2U);
  EXPECT_EQ(lost.signature, signature) << "it stays that of this handshake";
  SpoolView spool;
  spool.is_after_the_backup = true;
  const auto kept = std::get<Tombstone>(restored_row(row, spool).row);
  EXPECT_EQ(kept.diverted_to, "rejected/DSa.json");

  row = {staged("DSa"), queued("DSa"), signature};
  row.again->attempt = 3;
  const auto again = restored_row(row, {});
  EXPECT_EQ(std::get<QueuedHandshake>(again.row).attempt, 3U);
  EXPECT_EQ(again.signature, signature);
  spool.record = {Outcome::completed, kSubmitted, kEnded, "", signature};
  const auto published = std::get<Tombstone>(restored_row(row, spool).row);
  EXPECT_EQ(published.tag, "7") << "that of the submission";
  EXPECT_EQ(published.attempt, 3U);
  EXPECT_EQ(published.signature, signature);
}

TEST_F(RestoreTest, AFileInStagingIsDroppedIfItWasPublished) {
  for (const auto* const id : {"DSended", "DSpending", "DSunknown"})
    given_record("staging", id, record_of(id));
  given_ended("DSended");
  given_pending("DSpending");
  restored();
  const auto& names = root_.folder("staging").names;
  EXPECT_FALSE(names.contains("DSended.json"));
  EXPECT_TRUE(names.contains("DSpending.json")) << "recovery drops it";
  EXPECT_TRUE(names.contains("DSunknown.json"));
}

TEST_F(RestoreTest, EachFailureOfTheQueueIsReported) {
  for (int step = 0;; ++step) {
    merge_ = MemoryMerge();
    merge_.steps_to_failure = step;
    given_pending("DSa");
    const auto counts = restore_all();
    if (merge_.steps_to_failure >= 0) {
      EXPECT_TRUE(counts);
      EXPECT_EQ(step, 6);
      return;
    }
    ASSERT_FALSE(counts);
    EXPECT_FALSE(merge_.is_committed);
  }
}

}  // namespace
}  // namespace attestrd::test
