#include "queue/move/sqlite_move.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <string>
#include <vector>

#include "io/queue_rows.h"
#include "io/sqlite_faults.h"
#include "io/temporary_folder.h"
#include "queue/sqlite_queue.h"

namespace attestrd::test {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;

constexpr const char* kOtherId = "00000000-0000-0000-0000-000000000001";

class SqliteMoveTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return disk_.path(name).string(); }

  /// Makes a queue with DSpolling, DSstaged and DSended, and all that it can know beside them.
  void given_queue() {
    const auto queue = *SqliteQueue::open(path("old.db"));
    QueueBatch batch;
    batch.clocks = {{1, "boot", {}, hours(1), hours(9)}, {2, "next", {}, hours(2), hours(10)}};
    ASSERT_TRUE(queue->write(batch, kNow));
    ASSERT_TRUE(write_rows(*queue));
    ASSERT_TRUE(change(*queue, {Progress{id_of("DSpolling"), 4, kNow}}));
    ASSERT_TRUE(learn(*queue));
    ASSERT_TRUE(reserve(*queue, {20'000, 300}));
    ASSERT_TRUE(pause(*queue, {kNow}));
  }

  void given_sql(const std::string& sql, const std::string& file = "old.db") const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path(file).c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  /// Returns all columns of all tables of a queue file but the mark, as text.
  std::vector<std::string> dump(const std::string& file) const {
    std::vector<std::string> rows;
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path(file).c_str(), &database), SQLITE_OK);
    for (const auto* const table :
         {"handshake", "tombstone", "boot", "learnt", "reserved", "pause"}) {
      sqlite3_stmt* row = nullptr;
      const auto sql = std::string("SELECT * FROM ") + table + " ORDER BY 1";
      EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &row, nullptr), SQLITE_OK);
      while (sqlite3_step(row) == SQLITE_ROW) {
        rows.emplace_back(table);
        for (int i = 0; i < sqlite3_column_count(row); ++i) {
          const auto* const text = sqlite3_column_text(row, i);
          rows.back() += '|';
          if (text != nullptr) rows.back() += reinterpret_cast<const char*>(text);
        }
      }
      sqlite3_finalize(row);
    }
    sqlite3_close(database);
    return rows;
  }

  /// Moves everything from one file to another. Returns the first error.
  Result<void> move_all() const {
    auto from = SqliteMove::open(path("old.db"));
    if (!from) return from.error();
    auto to = SqliteMove::open(path("new.db"));
    if (!to) return to.error();
    const auto facts = (*from)->facts();
    if (!facts) return facts.error();
    if (const auto begun = (*to)->begin(*facts); !begun) return begun;
    if (const auto marked = (*to)->set_mark({kOtherId, MoveTo::file}); !marked) return marked;
    for (;;) {
      const auto page = (*from)->next(2);
      if (!page) return page.error();
      if (page->empty()) break;
      for (const auto& row : *page)
        if (const auto put = (*to)->put(row); !put) return put;
    }
    if (const auto committed = (*to)->commit(); !committed) return committed;
    const auto mark = (*to)->mark();
    if (!mark) return mark.error();
    EXPECT_TRUE(*mark && (*mark)->instance == kOtherId);
    return (*to)->finish();
  }

  TemporaryFolder disk_;
};

TEST_F(SqliteMoveTest, AllThatAQueueKnowsMoves) {
  given_queue();
  given_sql(
      "UPDATE handshake SET tag = 'a tag', expiry = 1800000000000, boot = 2, attempt = 3, "
      "is_held = 1, signature = CAST('pppppppppppppppp' AS BLOB) WHERE state = 'polling';"
      "UPDATE handshake SET boot = 1, attempt = 1, readmitted_from = 'DSstaged.json', "
      "signature = CAST('ssssssssssssssss' AS BLOB) WHERE state = 'staged';"
      "UPDATE tombstone SET tag = 'other', attempt = 4, diverted_to = 'rejected/DSended.json', "
      "running_ms = 77, signature = CAST('eeeeeeeeeeeeeeee' AS BLOB)");
  ASSERT_TRUE(move_all());
  const auto rows = dump("old.db");
  EXPECT_EQ(rows.size(), 8U);
  EXPECT_EQ(dump("new.db"), rows);
  EXPECT_EQ((*SqliteMove::open(path("old.db")))->staged()->size(), 1U);
}

TEST_F(SqliteMoveTest, AnEmptyQueueMoves) {
  ASSERT_TRUE(move_all());
  EXPECT_THAT(dump("new.db"), ElementsAre());
}

TEST_F(SqliteMoveTest, AMarkIsKept) {
  EXPECT_FALSE((*SqliteMove::open(path("old.db")))->mark()->has_value());
  for (const auto to : {MoveTo::database, MoveTo::file}) {
    ASSERT_TRUE((*SqliteMove::open(path("old.db")))->set_mark({kOtherId, to}));
    const auto mark = *(*SqliteMove::open(path("old.db")))->mark();
    ASSERT_TRUE(mark);
    EXPECT_EQ(mark->instance, kOtherId);
    EXPECT_EQ(mark->to, to);
  }
  given_sql("DELETE FROM move");
  EXPECT_FALSE((*SqliteMove::open(path("old.db")))->mark()->has_value());
}

TEST_F(SqliteMoveTest, NothingIsThereWithoutACommit) {
  given_queue();
  {
    const auto to = *SqliteMove::open(path("new.db"));
    ASSERT_TRUE(to->begin({}));
    ASSERT_TRUE(to->set_mark({kOtherId, MoveTo::file}));
    ASSERT_TRUE(to->put({{Tombstone{id_of("DSended"), Outcome::archived, kNow}, {}}}));
  }
  EXPECT_THAT(dump("new.db"), ElementsAre());
  EXPECT_FALSE((*SqliteMove::open(path("new.db")))->mark()->has_value());
}

TEST_F(SqliteMoveTest, RowsThatAttestrdNeverWroteAreReported) {
  for (const auto* const sql : {"UPDATE tombstone SET outcome = 'bogus'",
                                "UPDATE handshake SET id = 'no/id' WHERE state = 'polling'",
                                "UPDATE handshake SET reason = 'bogus' WHERE state = 'staged'",
                                "UPDATE handshake SET signature = x'00' WHERE state = 'polling'"}) {
    for (const auto* const file : {"old.db", "new.db"}) std::filesystem::remove(path(file));
    given_queue();
    given_sql(sql);
    const auto moved = move_all();
    ASSERT_FALSE(moved) << sql;
    EXPECT_EQ(moved.error().code, Errc::invalid_input);
  }
}

TEST_F(SqliteMoveTest, AFileOfAnotherProgramIsRefused) {
  disk_.write("old.db", "no database, but longer than the header of one" + std::string(99, 'x'));
  EXPECT_EQ(move_all().error().code, Errc::invalid_input);
}

TEST_F(SqliteMoveTest, EachStatementThatFailsIsReported) {
  SqliteFaults faults;
  given_queue();
  for (const auto fail : {&SqliteFaults::stop_statement, &SqliteFaults::refuse_statement}) {
    for (int statement = 1;; ++statement) {
      std::filesystem::remove(path("new.db"));
      (faults.*fail)(statement);
      const auto moved = move_all();
      const bool is_past_the_end = faults.is_armed();
      faults.disarm();
      if (is_past_the_end) {
        EXPECT_TRUE(moved) << moved.error().message;
        EXPECT_GT(statement, 40);
        EXPECT_EQ(dump("new.db"), dump("old.db"));
        break;
      }
      ASSERT_FALSE(moved) << "statement " << statement;
    }
  }
}

}  // namespace
}  // namespace attestrd::test
