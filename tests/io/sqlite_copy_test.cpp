#include "queue/sqlite_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "io/queue_rows.h"
#include "io/sqlite_faults.h"
#include "io/temporary_folder.h"
#include "queue/sqlite_merge.h"
#include "queue/sqlite_queue.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SqliteCopyTest : public ::testing::Test {
 protected:
  std::string path() const { return disk_.path("queue.db").string(); }
  std::string copy_path() const { return disk_.path("queue.db.copy").string(); }
  std::string saved_path() const { return disk_.path("saved.db").string(); }

  void open() { queue_ = *SqliteQueue::open(path()); }

  /// Writes so many rows in `polling`, of some hundred bytes each.
  void given_rows(int count) {
    QueueBatch batch;
    for (int i = 0; i < count; ++i)
      batch.submissions.push_back({id_of("DS" + std::to_string(i)), std::string(200, 't'), {}});
    ASSERT_TRUE(queue_->write(batch, kNow));
  }

  static Result<void> complete(QueueCopy& copy) {
    for (;;) {
      const auto is_complete = copy.copy_slice();
      if (!is_complete) return is_complete.error();
      if (*is_complete) return {};
    }
  }

  /// Reads the finished copy into the file `saved.db`.
  void save(QueueCopy& copy, std::uint64_t size) const {
    std::vector<char> bytes(size + 1);
    ASSERT_EQ(*copy.read(0, bytes), size);
    EXPECT_EQ(*copy.read(size, bytes), 0U);
    std::ofstream(saved_path(), std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(size));
  }

  Result<std::uint64_t> copy_everything() {
    auto copy = queue_->copy(copy_path());
    if (!copy) return copy.error();
    if (const auto done = complete(**copy); !done) return done.error();
    const auto ended = (*copy)->ended_after("", 10);
    if (!ended) return ended.error();
    const QueuedHandshake row{id_of("DSended"), "7", kNow, {}, {}, 0};
    if (const auto added = (*copy)->add_waiting(row); !added) return added.error();
    return (*copy)->finish(3);
  }

  /// Returns all rows of a queue file as text.
  static std::vector<std::string> dump(const std::string& file) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    std::vector<std::string> rows;
    const auto add = [](void* out, int columns, char** values, char**) {
      std::string row;
      for (int i = 0; i < columns; ++i) row += std::string(values[i] ? values[i] : "-") + '|';
      static_cast<std::vector<std::string>*>(out)->push_back(row);
      return 0;
    };
    for (const auto* const sql :
         {"SELECT * FROM handshake ORDER BY id", "SELECT * FROM tombstone ORDER BY id",
          "SELECT * FROM learnt", "SELECT * FROM reserved"})
      EXPECT_EQ(sqlite3_exec(database, sql, add, &rows, nullptr), SQLITE_OK);
    sqlite3_close(database);
    return rows;
  }

  TemporaryFolder disk_;
  std::unique_ptr<SqliteQueue> queue_;
};

TEST_F(SqliteCopyTest, TheCopyIsAPrivateQueueFileWithoutALog) {
  open();
  ASSERT_TRUE(write_rows(*queue_));
  ASSERT_TRUE(learn(*queue_));
  ASSERT_TRUE(reserve(*queue_, {20'000, 300}));
  {
    auto copy = *queue_->copy(copy_path());
    struct stat info {};
    ASSERT_EQ(::stat(copy_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    ASSERT_TRUE(complete(*copy));
    const auto ended = *copy->ended_after("", 10);
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].id, id_of("DSended"));
    EXPECT_EQ(ended[0].outcome, Outcome::failed);
    EXPECT_EQ(ended[0].finished_at, kNow);
    EXPECT_TRUE(copy->ended_after("DSended", 10)->empty());
    save(*copy, *copy->finish(7));
    EXPECT_FALSE(std::filesystem::exists(copy_path() + "-wal"));
  }
  EXPECT_FALSE(std::filesystem::exists(copy_path()));
  queue_.reset();
  EXPECT_EQ(dump(saved_path()), dump(path()));
  EXPECT_TRUE(SqliteQueue::open(saved_path())) << "a backup can also be put in the queue's place";
}

TEST_F(SqliteCopyTest, HasWhatIsWrittenBetweenItsSlices) {
  open();
  given_rows(20'000);
  auto copy = *queue_->copy(copy_path());
  int slices = 0;
  for (bool is_complete = false; !is_complete; ++slices) {
    const auto n = std::to_string(slices);
    const auto last = std::to_string(19'999 - slices);
    ASSERT_TRUE(accept(*queue_, {"DSnew" + n, "AAnew" + n}));
    ASSERT_TRUE(change(*queue_, {Progress{id_of("DS" + n), 9, kNow}, stage("DS1" + n),
                                 done("DS1" + n), stage("DS" + last)}));
    is_complete = *copy->copy_slice();
  }
  EXPECT_GT(slices, 4) << "a slice is a small part";
  save(*copy, *copy->finish(1));
  copy.reset();
  queue_.reset();
  EXPECT_EQ(dump(saved_path()), dump(path()));
  EXPECT_TRUE(open_backup_file(saved_path()));
}

TEST_F(SqliteCopyTest, ReplacesWhatAnEarlierCopyLeft) {
  open();
  disk_.write("queue.db.copy", "left by a daemon that was killed");
  EXPECT_TRUE(copy_everything());
}

TEST_F(SqliteCopyTest, ACopyOfARestoredBackupIsMadeAnew) {
  open();
  ASSERT_TRUE(write_rows(*queue_));
  {
    auto copy = *queue_->copy(copy_path());
    ASSERT_TRUE(complete(*copy));
    ASSERT_TRUE(copy->add_waiting({id_of("DSended"), "7", kNow, {}, {}, 0}));
    save(*copy, *copy->finish(7));
  }
  queue_ = *SqliteQueue::open(saved_path());
  EXPECT_TRUE(copy_everything());
}

TEST_F(SqliteCopyTest, AFailureLeavesTheQueueAndNoFile) {
  open();
  given_rows(20'000);
  std::filesystem::create_directories(copy_path() + "/full");
  EXPECT_FALSE(queue_->copy(copy_path()));
  std::filesystem::remove_all(copy_path());

  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  auto small = before;
  small.rlim_cur = 1 << 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto size = copy_everything();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(size);
  EXPECT_THAT(size.error().message, HasSubstr(copy_path()));
  EXPECT_FALSE(std::filesystem::exists(copy_path()));
  EXPECT_TRUE(accept(*queue_, {"DSnew"}));
  EXPECT_TRUE(copy_everything());
}

TEST_F(SqliteCopyTest, ARowThatAttestrdNeverWroteIsReported) {
  open();
  queue_.reset();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
  const char* const row =
      "INSERT INTO tombstone (id, outcome, finished_at) VALUES ('DSa', 'bogus', 1)";
  ASSERT_EQ(sqlite3_exec(database, row, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  open();
  const auto size = copy_everything();
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().code, Errc::invalid_input);
}

TEST_F(SqliteCopyTest, EachStatementThatFailsIsReported) {
  SqliteFaults faults;
  open();
  ASSERT_TRUE(write_rows(*queue_));
  for (const auto fail : {&SqliteFaults::stop_statement, &SqliteFaults::refuse_statement}) {
    for (int statement = 1;; ++statement) {
      (faults.*fail)(statement);
      const auto size = copy_everything();
      const bool is_past_the_end = faults.is_armed();
      faults.disarm();
      EXPECT_FALSE(std::filesystem::exists(copy_path()));
      if (is_past_the_end) {
        EXPECT_TRUE(size) << size.error().message;
        EXPECT_GT(statement, 5);
        break;
      }
      ASSERT_FALSE(size) << "statement " << statement;
    }
  }
}

}  // namespace
}  // namespace attestrd::test
