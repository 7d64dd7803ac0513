#include "queue/sqlite_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "io/queue_rows.h"
#include "io/sqlite_faults.h"
#include "io/temporary_folder.h"
#include "queue/sqlite_queue.h"

namespace attestrd::test {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class SqliteMergeTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name = "queue.db") const { return disk_.path(name).string(); }

  /// Makes a backup of a queue with DSpolling, DSstaged and DSended, whose record is waiting.
  void given_backup() {
    const auto queue = *SqliteQueue::open(path("old.db"));
    ASSERT_TRUE(write_rows(*queue));
    ASSERT_TRUE(change(*queue, {Progress{id_of("DSpolling"), 4, kNow}}));
    ASSERT_TRUE(learn(*queue));
    ASSERT_TRUE(reserve(*queue, {20'000, 300}));
    const auto copy = *queue->copy(path("copy"));
    while (!*copy->copy_slice()) {
    }
    ASSERT_TRUE(copy->add_waiting({id_of("DSended"), "7", kNow, {}, {}, 0}));
    std::string bytes(*copy->finish(7), '\0');
    ASSERT_EQ(*copy->read(0, bytes), bytes.size());
    disk_.write("backup.db", bytes);
  }

  void given_sql(const std::string& file, const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path(file).c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  Result<std::unique_ptr<SqliteMerge>> open() const {
    auto backup = open_backup_file(path("backup.db"));
    if (!backup) return backup.error();
    return SqliteMerge::open(std::move(*backup), path());
  }

  /// Restores all rows as they are. Returns the first error.
  Result<void> merge_all() const {
    auto merge = open();
    if (!merge) return merge.error();
    if (const auto number = (*merge)->number(); !number) return number.error();
    for (;;) {
      const auto row = (*merge)->next();
      if (!row) return row.error();
      if (!*row) return (*merge)->commit();
      if (const auto put = (*merge)->put(**row); !put) return put;
    }
  }

  QueueCounts counts() const { return *(*SqliteQueue::open(path()))->count(); }

  TemporaryFolder disk_;
};

TEST_F(SqliteMergeTest, RestoresEveryRow) {
  given_backup();
  ASSERT_TRUE(merge_all());
  const auto queue = *SqliteQueue::open(path());
  const auto row = *find_polling(*queue, "DSpolling");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->submitted_at, kNow);
  EXPECT_EQ(row->polls, 4U);
  EXPECT_EQ(row->last_pending_at, kNow);
  const auto staged = *queue->staged();
  ASSERT_EQ(staged.size(), 1U);
  EXPECT_EQ(staged[0].id, id_of("DSstaged"));
  EXPECT_EQ(staged[0].record, fingerprint_of("record"));
  EXPECT_TRUE(std::holds_alternative<EndedHandshake>(*queue->find(id_of("DSended"))));
  EXPECT_TRUE(queue->learnt()->has_value());
  EXPECT_EQ((*queue->reserved())->requests, 300U);
}

TEST_F(SqliteMergeTest, RestoresHoldsAndLeavesThePauseOfTheQueue) {
  given_backup();
  given_sql("backup.db",
            "UPDATE handshake SET is_held = 1 WHERE state = 'polling';"
            "INSERT INTO pause VALUES (1, 7)");
  ASSERT_TRUE(merge_all());
  const auto queue = *SqliteQueue::open(path());
  EXPECT_TRUE((*find_polling(*queue, "DSpolling"))->is_held);
  EXPECT_FALSE(queue->operator_pause()->since);
}

TEST_F(SqliteMergeTest, RestoresWhatIsKnownOfEarlierEndings) {
  std::string bytes[] = {std::string(16, 'p'), std::string(16, 's'), std::string(16, 'e')};
  given_backup();
  given_sql("backup.db",
            "UPDATE handshake SET attempt = 2, signature = CAST('pppppppppppppppp' AS BLOB) "
            "WHERE state = 'polling';"
            "UPDATE handshake SET attempt = 3, signature = CAST('ssssssssssssssss' AS BLOB) "
            "WHERE state = 'staged';"
            "UPDATE tombstone SET attempt = 4, tag = '7', diverted_to = 'rejected/DSended.json', "
            "signature = CAST('eeeeeeeeeeeeeeee' AS BLOB)");
  ASSERT_TRUE(merge_all());
  {
    const auto queue = *SqliteQueue::open(path());
    const char* const ids[] = {"DSpolling", "DSstaged", "DSended"};
    for (int i = 0; i < 3; ++i) {
      SignedResult result{id_of("DSother")};
      std::ranges::copy(bytes[i], result.signature.begin());
      EXPECT_EQ(queue->find_by_signature({&result, 1})->at(0), id_of(ids[i]));
    }
    EXPECT_EQ(std::get<EndedHandshake>(*queue->find(id_of("DSended"))).diverted_to,
              "rejected/DSended.json");
  }
  // As if the merged queue were a backup.
  const auto merged = *SqliteMerge::open(*open_backup_file(path()), path("third.db"));
  std::vector<std::uint32_t> attempts;
  while (const auto row = *merged->next()) {
    const auto* const ended = std::get_if<Tombstone>(&row->row);
    const auto* const pending = std::get_if<QueuedHandshake>(&row->row);
    attempts.push_back(ended != nullptr ? ended->attempt
                                        : (pending ? *pending : *row->again).attempt);
    EXPECT_TRUE(ended == nullptr || ended->tag == "7");
  }
  EXPECT_THAT(attempts, UnorderedElementsAre(2, 3, 4));
}

TEST_F(SqliteMergeTest, ASubmissionTimeIsTheOneThatTheBackupKnewToBeRight) {
  using std::chrono::hours;
  {
    const auto backup = *SqliteQueue::open(path("backup.db"));
    QueueBatch batch;
    batch.clocks = {{1, "boot", {}, {}, {}}};
    batch.boot = 1;
    batch.submissions = {submission("DSpolling"), submission("DSstaged")};
    ASSERT_TRUE(backup->write(batch, kNow));
    batch = {};
    batch.clocks = {{1, "boot", {}, -hours(1), {}}};
    ASSERT_TRUE(backup->write(batch, kNow));
    ASSERT_TRUE(change(*backup, {stage("DSstaged")}));
    batch = {};
    batch.clocks = {{1, "another boot", {}, hours(5), {}}};
    ASSERT_TRUE((*SqliteQueue::open(path()))->write(batch, kNow));
  }
  ASSERT_TRUE(merge_all());
  const auto queue = *SqliteQueue::open(path());
  ASSERT_TRUE(change(*queue, {Unstage{id_of("DSstaged")}}));
  for (const auto* const id : {"DSpolling", "DSstaged"})
    EXPECT_EQ((*find_polling(*queue, id))->submitted_at, kNow - hours(1)) << id;
}

TEST_F(SqliteMergeTest, ATombstoneAgesFromTheRestoreOn) {
  using std::chrono::hours;
  given_backup();
  {
    QueueBatch batch;
    batch.clocks = {{1, "boot", {}, {}, hours(40)}, {2, "next boot", {}, {}, hours(100)}};
    ASSERT_TRUE((*SqliteQueue::open(path()))->write(batch, kNow));
  }
  ASSERT_TRUE(merge_all());
  const auto queue = *SqliteQueue::open(path());
  QueueBatch batch;
  batch.purge = Purge{hours(100), 10};
  EXPECT_EQ(queue->write(batch, kNow)->purged, 0U) << "it would be published twice";
  batch.purge = Purge{hours(101), 10};
  EXPECT_EQ(queue->write(batch, kNow)->purged, 1U);
}

TEST_F(SqliteMergeTest, ReadsWhatCanBePolledAgain) {
  given_backup();
  const auto merge = *open();
  EXPECT_EQ(*merge->number(), 7U);
  std::vector<std::string> again;
  while (const auto row = *merge->next())
    if (row->again) again.push_back(std::string(row->again->id.view()) + ' ' + row->again->tag);
  EXPECT_THAT(again, UnorderedElementsAre("DSstaged ", "DSended 7"));
}

TEST_F(SqliteMergeTest, NothingChangesWithoutACommit) {
  given_backup();
  {
    const auto merge = *open();
    ASSERT_TRUE(merge->put(**merge->next()));
  }
  EXPECT_EQ(counts().polling + counts().staged + counts().ended, 0U);
}

TEST_F(SqliteMergeTest, ATombstoneTakesThePlaceOfARow) {
  given_backup();
  ASSERT_TRUE(accept(**SqliteQueue::open(path()), {"DSpolling", "DSother"}));
  {
    const auto merge = *open();
    EXPECT_TRUE(std::holds_alternative<QueuedHandshake>(*merge->present(id_of("DSpolling"))));
    ASSERT_TRUE(merge->put({Tombstone{id_of("DSpolling"), Outcome::archived, kNow}, {}}));
    ASSERT_TRUE(merge->commit());
  }
  EXPECT_EQ(counts().polling, 1U);
  EXPECT_EQ(counts().ended, 1U);
}

TEST_F(SqliteMergeTest, WhatThePresentQueueHasLearntStays) {
  given_backup();
  {
    const auto queue = *SqliteQueue::open(path());
    ASSERT_TRUE(reserve(*queue, {20'001, 5}));
    ASSERT_TRUE(learn(*queue));
  }
  ASSERT_TRUE(merge_all());
  EXPECT_EQ((*(*SqliteQueue::open(path()))->reserved())->requests, 5U);
}

TEST_F(SqliteMergeTest, AQueueFileIsABackupToo) {
  ASSERT_TRUE(write_rows(**SqliteQueue::open(path("backup.db"))));
  EXPECT_FALSE((*open())->number()->has_value());
  ASSERT_TRUE(merge_all());
  EXPECT_EQ(counts().ended, 1U);
  // A file of version 1 has neither what is learnt nor what is reserved.
  given_sql("backup.db",
            std::string(kToVersion4) + kFrom4To3 +
                "DROP TABLE learnt; DROP TABLE reserved;"
                "PRAGMA user_version = 1; DELETE FROM handshake; DELETE FROM tombstone");
  EXPECT_TRUE(merge_all());
}

TEST_F(SqliteMergeTest, ABackupWithoutItsNumberHasNone) {
  given_backup();
  given_sql("backup.db", "DELETE FROM backup");
  EXPECT_FALSE((*open())->number()->has_value());
}

TEST_F(SqliteMergeTest, RowsThatAttestrdNeverWroteAreReported) {
  for (const auto* const sql : {"UPDATE tombstone SET outcome = 'bogus'",
                                "UPDATE handshake SET id = 'no/id' WHERE "
                                "state = 'polling'",
                                "UPDATE handshake SET reason = 'bogus' WHERE state = 'staged'",
                                "UPDATE handshake SET signature = x'00' WHERE state = 'polling'",
                                "UPDATE tombstone SET signature = x'00'"}) {
    disk_.write("old.db", "");
    std::filesystem::remove(path("old.db"));
    given_backup();
    given_sql("backup.db", sql);
    const auto merged = merge_all();
    ASSERT_FALSE(merged) << sql;
    EXPECT_EQ(merged.error().code, Errc::invalid_input);
  }
}

TEST_F(SqliteMergeTest, AMalformedFileIsRefused) {
  given_backup();
  auto bytes = disk_.read("backup.db");
  disk_.write("backup.db", bytes.substr(0, bytes.size() - 4096));
  EXPECT_EQ(open().error().code, Errc::invalid_input);
  // A row whose index entry is missing.
  disk_.write("backup.db", bytes);
  given_sql("backup.db",
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX "
            "tombstone_running ON tombstone (outcome)' WHERE name = 'tombstone_running'");
  const auto malformed = open();
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().code, Errc::invalid_input);
  EXPECT_THAT(malformed.error().message, HasSubstr("backup.db"));
  disk_.write("backup.db", "");
  EXPECT_EQ(open().error().code, Errc::invalid_input);
}

TEST_F(SqliteMergeTest, AnUnusableQueueIsReported) {
  given_backup();
  disk_.write("queue.db", "no database, but longer than the header of one" + std::string(99, 'x'));
  EXPECT_EQ(open().error().code, Errc::invalid_input);
  std::filesystem::remove(path());
  given_sql("backup.db", "ALTER TABLE tombstone RENAME TO other");
  EXPECT_EQ(open().error().code, Errc::invalid_input);
}

TEST_F(SqliteMergeTest, EachStatementThatFailsIsReported) {
  SqliteFaults faults;
  given_backup();
  for (const auto fail : {&SqliteFaults::stop_statement, &SqliteFaults::refuse_statement}) {
    std::filesystem::remove(path());
    for (int statement = 1;; ++statement) {
      (faults.*fail)(statement);
      const auto merged = merge_all();
      const bool is_past_the_end = faults.is_armed();
      faults.disarm();
      if (is_past_the_end) {
        EXPECT_TRUE(merged) << merged.error().message;
        EXPECT_GT(statement, 30);
        EXPECT_EQ(counts().polling, 1U);
        break;
      }
      ASSERT_FALSE(merged) << "statement " << statement;
      EXPECT_EQ(counts().polling + counts().ended, 0U) << "statement " << statement;
    }
  }
}

}  // namespace
}  // namespace attestrd::test
