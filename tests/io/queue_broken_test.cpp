// Tests the queue on files and rows that attestrd never wrote.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <functional>

#include "base/check.h"
#include "io/queue_rows.h"
#include "io/temporary_folder.h"
#include "queue/schema.h"
#include "queue/sqlite_database.h"
#include "queue/sqlite_open.h"
#include "queue/sqlite_queue.h"

namespace attestrd::test {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class BrokenQueueTest : public ::testing::Test {
 protected:
  std::string path() const { return disk_.path("queue.db").string(); }

  Error error_of_open() {
    const auto queue = SqliteQueue::open(path());
    EXPECT_FALSE(queue);
    return queue ? Error{} : queue.error();
  }

  /// Runs SQL as another program would.
  void sql(const std::string& text) {
    queue_.reset();
    const auto database = SqliteDatabase::open(path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    ASSERT_TRUE(database);
    const auto done = (*database)->execute(text.c_str());
    ASSERT_TRUE(done) << done.error().message;
  }

  /// Creates a queue with DSpolling, DSstaged and DSended in the states that their names give. Its
  /// tables have no constraints, so that another program can write any value.
  void given_queue_without_rules() {
    std::filesystem::remove(path());
    open();
    ASSERT_TRUE(write_rows(*queue_));
    for (const std::string table : {"handshake", "tombstone"})
      sql("CREATE TABLE bare AS SELECT * FROM " + table + "; DROP TABLE " + table +
          "; ALTER TABLE bare RENAME TO " + table + "; CREATE UNIQUE INDEX " + table + "_id ON " +
          table + " (id)");
  }

  void open() {
    queue_.reset();
    auto queue = SqliteQueue::open(path());
    ASSERT_TRUE(queue) << queue.error().message;
    queue_ = std::move(*queue);
  }

  /// Calls `act` as a user without privileges or ownership, who can't read the folder `blind`.
  void as_nobody(const std::function<void()>& act) {
    using std::filesystem::perms;
    std::filesystem::permissions(disk_.path(), perms(0555));
    const auto blind = disk_.path("blind");
    if (std::filesystem::exists(blind)) std::filesystem::permissions(blind, perms(0333));
    const bool is_root = ::geteuid() == 0;
    ATTESTRD_CHECK(!is_root || ::seteuid(65534) == 0);
    act();
    ATTESTRD_CHECK(!is_root || ::seteuid(0) == 0);
    std::filesystem::permissions(disk_.path(), perms(0755));
    if (std::filesystem::exists(blind)) std::filesystem::permissions(blind, perms(0755));
  }

  template <class T>
  void expect_broken(const Result<T>& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::invalid_input);
    EXPECT_THAT(result.error().message, HasSubstr("holds a row that attestrd never wrote"));
  }

  Result<QueueBatchResult> accept(const std::string& id) { return test::accept(*queue_, {id}); }

  TemporaryFolder disk_;
  std::unique_ptr<SqliteQueue> queue_;
};

TEST_F(BrokenQueueTest, AFolderOrAFifoIsRefused) {
  std::filesystem::create_directory(path());
  EXPECT_THAT(error_of_open().message, HasSubstr("Is a directory"));
  std::filesystem::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0640), 0);
  EXPECT_EQ(error_of_open().code, Errc::unsafe_file);
  const auto nowhere =
      SqliteQueue::open(disk_.path("none/queue.db").string(), sqlite3_vfs_find(nullptr)->zName);
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, HasSubstr("cannot open"));
}

TEST_F(BrokenQueueTest, AnEmptyFileOfAnotherProgramIsRefused) {
  for (const auto* const mark : {"application_id", "user_version"}) {
    sql(std::string("PRAGMA ") + mark + " = 5");
    EXPECT_EQ(error_of_open().code, Errc::invalid_input);
    sql(std::string("PRAGMA ") + mark + " = 0");
  }
  open();
}

TEST_F(BrokenQueueTest, TheCommandLineReadsNothingButAQueue) {
  disk_.write("queue.db", "");
  EXPECT_THAT(SqliteQueue::open_read_only(path()).error().message, HasSubstr("empty file"));
  disk_.write("queue.db", std::string(5000, 'x'));
  EXPECT_EQ(SqliteQueue::open_read_only(path()).error().code, Errc::invalid_input);
}

TEST_F(BrokenQueueTest, TheCommandLineOpensTheQueueReadOnly) {
  open();
  queue_.reset();
  const auto database = open_queue_file_read_only(path());
  ASSERT_TRUE(database) << database.error().message;
  const auto written = (*database)->execute("CREATE TABLE more (x)");
  ASSERT_FALSE(written);
  // The system permits the write, so that the refusal by SQLite is reported as a disk failure.
  EXPECT_EQ(written.error().code, Errc::io_failure);
}

TEST_F(BrokenQueueTest, AWriteThatTheSystemForbidsIsPermissionDenied) {
  sql("CREATE TABLE filler (x)");
  // The user can't write to the file itself, or to the folder of its journal.
  for (const unsigned mode : {0444U, 0666U}) {
    std::filesystem::permissions(path(), std::filesystem::perms(mode));
    as_nobody([this] {
      const auto database = SqliteDatabase::open(path(), SQLITE_OPEN_READWRITE);
      ASSERT_TRUE(database) << database.error().message;
      const auto written = (*database)->execute("INSERT INTO filler VALUES (1)");
      ASSERT_FALSE(written);
      EXPECT_EQ(written.error().code, Errc::permission_denied) << written.error().message;
    });
  }
}

TEST_F(BrokenQueueTest, AFolderThatCantBeSyncedIsRefused) {
  std::filesystem::create_directory(disk_.path("blind"));
  const auto blind = disk_.path("blind/queue.db").string();
  as_nobody([&] {
    const auto queue = SqliteQueue::open(blind);
    ASSERT_FALSE(queue);
    EXPECT_EQ(queue.error().code, Errc::permission_denied) << queue.error().message;
  });
}

TEST_F(BrokenQueueTest, AQueueInTheCurrentFolderNeedsNoPath) {
  const auto home = std::filesystem::current_path();
  std::filesystem::current_path(disk_.path());
  const auto queue = SqliteQueue::open("queue.db");
  std::filesystem::current_path(home);
  EXPECT_TRUE(queue) << queue.error().message;
}

TEST_F(BrokenQueueTest, AQueueWithoutItsTablesIsRefused) {
  open();
  sql("DROP TABLE tombstone");
  EXPECT_EQ(error_of_open().code, Errc::invalid_input);
  EXPECT_THAT(error_of_open().message, HasSubstr("no such table: tombstone"));
}

TEST_F(BrokenQueueTest, ABrokenPendingRowIsReported) {
  given_queue_without_rules();
  sql("UPDATE handshake SET submitted_at = NULL WHERE state = 'polling'");
  open();
  expect_broken(queue_->claim(10));
  expect_broken(queue_->rows_after("", 10));
  expect_broken(find_polling(*queue_, "DSpolling"));
  expect_broken(queue_->find(id_of("DSpolling")));
  expect_broken(accept("DSpolling"));
  EXPECT_TRUE(accept("DSother")) << "the others go on";
  sql("UPDATE handshake SET submitted_at = 0, id = '../DS' WHERE id = 'DSpolling'");
  open();
  expect_broken(queue_->claim(10));
}

TEST_F(BrokenQueueTest, ABrokenStagedRowIsReported) {
  for (const auto* const damage :
       {"id = '../DS'", "outcome = 'lost'", "outcome = NULL", "reason = 'none such'",
        "finished_at = NULL", "sha256 = x'00'", "sha256 = NULL"}) {
    given_queue_without_rules();
    sql(std::string("UPDATE handshake SET ") + damage + " WHERE state = 'staged'");
    open();
    expect_broken(queue_->staged());
  }
}

TEST_F(BrokenQueueTest, ABrokenTombstoneIsReported) {
  given_queue_without_rules();
  sql("UPDATE tombstone SET outcome = 'lost'");
  open();
  expect_broken(accept("DSended"));
  expect_broken(queue_->find(id_of("DSended")));
  sql("UPDATE tombstone SET outcome = 'failed', finished_at = NULL");
  open();
  expect_broken(queue_->find(id_of("DSended")));
  sql("UPDATE tombstone SET id = '../DS', tag = 'a'");
  open();
  expect_broken(queue_->find_ended({"a", "", 10}));
}

TEST_F(BrokenQueueTest, AMissingTableIsReported) {
  open();
  for (const auto* const table : {"learnt", "reserved", "pause"})
    sql(std::string("DROP TABLE ") + table);
  open();
  EXPECT_EQ(queue_->learnt().error().code, Errc::invalid_input);
  EXPECT_EQ(learn(*queue_).error().code, Errc::invalid_input);
  EXPECT_EQ(queue_->reserved().error().code, Errc::invalid_input);
  EXPECT_EQ(queue_->operator_pause().error().code, Errc::invalid_input);
  EXPECT_EQ(pause(*queue_, {kNow}).error().code, Errc::invalid_input);
  EXPECT_EQ(reserve(*queue_, {20'000, 300}).error().code, Errc::invalid_input);
}

TEST_F(BrokenQueueTest, ARowThatATriggerRejectsIsReported) {
  open();
  sql("CREATE TRIGGER keep_out BEFORE INSERT ON handshake BEGIN SELECT RAISE(IGNORE); END");
  open();
  expect_broken(accept("DSnew"));
}

}  // namespace
}  // namespace attestrd::test
