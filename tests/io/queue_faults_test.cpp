// Tests the queue while SQLite fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cerrno>
#include <chrono>
#include <functional>

#include "io/queue_rows.h"
#include "io/sqlite_faults.h"
#include "io/temporary_folder.h"
#include "queue/sqlite_open.h"
#include "queue/sqlite_queue.h"

namespace attestrd::test {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (!result) return result.error();
  return {};
}

class QueueFaultsTest : public ::testing::Test {
 protected:
  std::string path() const { return disk_.path("queue.db").string(); }

  void open() {
    auto queue = SqliteQueue::open(path());
    ASSERT_TRUE(queue) << queue.error().message;
    queue_ = std::move(*queue);
  }

  /// Opens a queue with DSpolling, DSstaged and DSended in the states that their names give.
  void open_with_rows() {
    open();
    ASSERT_TRUE(write_rows(*queue_));
  }

  void expect_rows() {
    const auto counts = queue_->count();
    ASSERT_TRUE(counts) << counts.error().message;
    EXPECT_EQ(counts->polling, 1U);
    EXPECT_EQ(counts->staged, 1U);
    EXPECT_EQ(counts->ended, 1U);
  }

  /// Stops each statement that `act` runs, one per call. Expects an error and no change. Once no
  /// statement is left to stop, `act` must succeed; `restore` reverts it.
  void each_stop_is_told(
      const std::function<Result<void>()>& act, const std::function<void()>& restore = [] {}) {
    for (int statement = 1;; ++statement) {
      faults_.stop_statement(statement);
      const auto acted = act();
      const bool is_past_the_end = faults_.is_armed();
      faults_.disarm();
      if (is_past_the_end) {
        EXPECT_TRUE(acted) << acted.error().message;
        EXPECT_GT(statement, 1) << "no statement ran";
        restore();
        expect_rows();
        return;
      }
      expect_rows();
      ASSERT_FALSE(acted) << "statement " << statement;
      EXPECT_EQ(acted.error().code, Errc::io_failure);
      EXPECT_THAT(acted.error().message, HasSubstr(path()));
    }
  }

  /// Does the same for a batch, and creates the queue anew afterwards.
  void each_stop_of_a_write_is_told(const std::function<Result<QueueBatchResult>()>& write) {
    each_stop_is_told([&write] { return without_value(write()); },
                      [this] {
                        queue_.reset();
                        std::filesystem::remove(path());
                        open_with_rows();
                      });
  }

  /// Opens the file repeatedly, with a fault at one statement after the other.
  void each_failure_of_opening_is_told(Errc expected, void (SqliteFaults::*fail)(int)) {
    for (int statement = 1;; ++statement) {
      (faults_.*fail)(statement);
      const auto queue = SqliteQueue::open(path());
      const bool is_past_the_end = faults_.is_armed();
      faults_.disarm();
      if (is_past_the_end) {
        EXPECT_TRUE(queue) << queue.error().message;
        EXPECT_GT(statement, 10);
        return;
      }
      ASSERT_FALSE(queue) << "statement " << statement;
      EXPECT_EQ(queue.error().code, expected) << queue.error().message;
    }
  }

  TemporaryFolder disk_;
  SqliteFaults faults_;
  std::unique_ptr<SqliteQueue> queue_;
};

TEST_F(QueueFaultsTest, EachStoppedStatementOfOpeningIsReported) {
  each_failure_of_opening_is_told(Errc::io_failure, &SqliteFaults::stop_statement);
  open_with_rows();
  queue_.reset();
  each_failure_of_opening_is_told(Errc::io_failure, &SqliteFaults::stop_statement);
  open();
  expect_rows();
}

TEST_F(QueueFaultsTest, EachRefusedStatementOfOpeningIsReported) {
  each_failure_of_opening_is_told(Errc::permission_denied, &SqliteFaults::refuse_statement);
  open_with_rows();
  queue_.reset();
  each_failure_of_opening_is_told(Errc::permission_denied, &SqliteFaults::refuse_statement);
  open();
  expect_rows();
}

TEST_F(QueueFaultsTest, EachStoppedStatementOfAnAcceptanceIsReported) {
  open_with_rows();
  for (const auto* const id : {"DSnew", "DSpolling", "DSstaged", "DSended"})
    each_stop_of_a_write_is_told([&] { return accept(*queue_, {id}); });
}

TEST_F(QueueFaultsTest, EachStoppedStatementOfAChangeIsReported) {
  open_with_rows();
  const RowChange changes[] = {Progress{id_of("DSpolling"), 1, kNow},
                               stage("DSpolling"),
                               stage("DSstaged"),  // Already staged.
                               Unstage{id_of("DSstaged")},
                               SetHeld{id_of("DSpolling"), true},
                               done("DSstaged"),
                               done("DSended")};
  for (const auto& what : changes)
    each_stop_of_a_write_is_told([&] { return change(*queue_, {what}); });
  each_stop_of_a_write_is_told([this] {
    QueueBatch batch;
    batch.purge = Purge{1s, 9};
    return queue_->write(batch, kNow);
  });
  each_stop_of_a_write_is_told([this] { return save_clock(*queue_); });
  each_stop_of_a_write_is_told([this] { return learn(*queue_); });
  each_stop_of_a_write_is_told([this] { return reserve(*queue_, {20'000, 300}); });
  each_stop_of_a_write_is_told([this] { return pause(*queue_, {kNow}); });
}

TEST_F(QueueFaultsTest, EachStoppedStatementOfAReadIsReported) {
  open_with_rows();
  each_stop_is_told([this] { return without_value(find_polling(*queue_, "DSpolling")); });
  each_stop_is_told([this] { return without_value(queue_->claim(10)); });
  each_stop_is_told([this] { return without_value(queue_->staged()); });
  each_stop_is_told([this] { return without_value(queue_->find(id_of("DSended"))); });
  each_stop_is_told([this] { return without_value(queue_->find(id_of("DSpolling"))); });
  each_stop_is_told([this] { return without_value(queue_->count()); });
  each_stop_is_told([this] { return without_value(queue_->learnt()); });
  each_stop_is_told([this] { return without_value(queue_->reserved()); });
  each_stop_is_told([this] { return without_value(queue_->operator_pause()); });
  each_stop_is_told([this] { return without_value(queue_->find_ended({"tag", "", 9})); });
  each_stop_is_told([this] { return without_value(queue_->rows_after("", 9)); });
}

TEST_F(QueueFaultsTest, EachRefusedStatementThatIsNotKeptPreparedIsReported) {
  open_with_rows();
  const std::function<Result<void>()> acts[] = {
      [this] { return without_value(learn(*queue_)); },
      [this] { return without_value(queue_->learnt()); },
      [this] {
        return without_value(reserve(*queue_, {20'000, 300}));
      },
      [this] { return without_value(queue_->reserved()); },
      [this] {
        return without_value(change(*queue_, {SetHeld{id_of("DSpolling"), true}}));
      },
      [this] { return without_value(pause(*queue_, {kNow})); },
      [this] { return without_value(queue_->operator_pause()); },
      [this] {
        return without_value(queue_->find_ended({"tag", "", 9}));
      },
      [this] { return without_value(queue_->rows_after("", 9)); },
      [this] { return without_value(save_clock(*queue_)); }};
  for (const auto& act : acts) {
    for (int statement = 1;; ++statement) {
      faults_.refuse_statement(statement);
      const auto done_it = act();
      const bool is_past_the_end = faults_.is_armed();
      faults_.disarm();
      if (is_past_the_end) break;
      ASSERT_FALSE(done_it);
      EXPECT_EQ(done_it.error().code, Errc::permission_denied);
    }
  }
}

TEST_F(QueueFaultsTest, ARefusedStatementOfALookupIsReported) {
  open_with_rows();
  faults_.refuse_statement(1);
  const auto refused = queue_->find(id_of("DSended"));
  faults_.disarm();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::permission_denied);
}

TEST_F(QueueFaultsTest, FailuresOfWritesAndSyncsAreClassified) {
  FailingVfs vfs;
  const auto database = open_queue_file(path(), FailingVfs::kName);
  ASSERT_TRUE(database) << database.error().message;
  ASSERT_TRUE((*database)->execute("CREATE TABLE filler (x)"));
  struct Row {
    int code;
    int system_error;
    Errc expected;
  };
  const Row writes[] = {{SQLITE_FULL, 0, Errc::disk_full},
                        {SQLITE_IOERR_WRITE, ENOSPC, Errc::disk_full},
                        {SQLITE_IOERR_WRITE, EDQUOT, Errc::disk_full},
                        {SQLITE_IOERR_WRITE, EIO, Errc::io_failure}};
  for (const auto& row : writes) {
    vfs.fail_writes(row.code, row.system_error);
    EXPECT_EQ((*database)->checkpoint().error().code, row.expected) << row.code;
  }
  // A failed sync must never be repeated: the data may be lost already.
  const Row syncs[] = {{SQLITE_IOERR_FSYNC, ENOSPC, Errc::io_failure},
                       {SQLITE_IOERR_DIR_FSYNC, EDQUOT, Errc::io_failure}};
  for (const auto& row : syncs) {
    vfs.fail_syncs(row.code, row.system_error);
    const auto error = (*database)->checkpoint().error();
    EXPECT_EQ(error.code, row.expected) << row.code;
    EXPECT_THAT(error.message, HasSubstr("errno"));
  }
  vfs.heal();
  EXPECT_TRUE((*database)->checkpoint());
}

TEST_F(QueueFaultsTest, ALongLogIsWrittenBackOnceTheDiskHasSpace) {
  FailingVfs vfs;
  const auto database = open_queue_file(path(), FailingVfs::kName);
  ASSERT_TRUE(database) << database.error().message;
  ASSERT_TRUE((*database)->execute("CREATE TABLE filler (x)"));
  vfs.fail_writes(SQLITE_FULL, 0);
  EXPECT_TRUE((*database)->checkpoint_if_due()) << "it is not long";
  ASSERT_TRUE((*database)->execute("INSERT INTO filler VALUES (zeroblob(5000000))"));
  EXPECT_TRUE((*database)->checkpoint_if_due()) << "the commit stands though the disk is full";
  vfs.fail_syncs(SQLITE_IOERR_FSYNC, EIO);
  const auto failed = (*database)->checkpoint_if_due();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::io_failure);
  vfs.heal();
  EXPECT_TRUE((*database)->checkpoint_if_due());
  vfs.fail_writes(SQLITE_IOERR_WRITE, EIO);
  EXPECT_TRUE((*database)->checkpoint_if_due()) << "nothing is left to write";
}

TEST_F(QueueFaultsTest, AFailedSyncOfTheLongLogAfterABatchIsAnIoFailure) {
  FailingVfs vfs;
  auto queue = SqliteQueue::open(path(), FailingVfs::kName);
  ASSERT_TRUE(queue) << queue.error().message;
  std::vector<std::string> ids;
  for (int i = 0; i < 100'000; ++i) ids.push_back("DS02zfeuv6n4gk" + std::to_string(i));
  vfs.fail_syncs(SQLITE_IOERR_FSYNC, EIO);
  const auto written = accept(**queue, ids);
  vfs.heal();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::io_failure);
  EXPECT_EQ((*queue)->count()->polling, 100'000U) << "the commit itself stands";
}

TEST_F(QueueFaultsTest, ALogThatCantBeSyncedIsRefused) {
  open_with_rows();
  // Copies the file and its log while they are open, as a killed process leaves them.
  for (const auto* const ending : {"", "-wal"})
    std::filesystem::copy(disk_.path("queue.db" + std::string(ending)),
                          disk_.path("left.db" + std::string(ending)));
  queue_.reset();
  FailingVfs vfs;
  const auto open_left = [this] {
    return SqliteQueue::open(disk_.path("left.db").string(), FailingVfs::kName);
  };
  vfs.fail_syncs(SQLITE_IOERR_FSYNC, EIO);
  EXPECT_EQ(open_left().error().code, Errc::io_failure);
  vfs.heal();
  queue_ = *open_left();
  expect_rows();
}

TEST_F(QueueFaultsTest, AQueryWithoutARowReturnsAnEmptyText) {
  const auto database = open_queue_file(path());
  ASSERT_TRUE(database);
  EXPECT_EQ(*(*database)->ask("SELECT 1 WHERE 0"), "");
  EXPECT_EQ((*database)->ask("SELECT 1 FROM nowhere").error().code, Errc::invalid_input);
}

TEST_F(QueueFaultsTest, AFileWithoutALogIsRefused) {
  const auto queue = SqliteQueue::open(":memory:", sqlite3_vfs_find(nullptr)->zName);
  ASSERT_FALSE(queue);
  EXPECT_EQ(queue.error().code, Errc::io_failure);
  EXPECT_THAT(queue.error().message, HasSubstr("it says memory, 2"));
}

TEST_F(QueueFaultsTest, AFileThatDoesNotSyncEachCommitIsRefused) {
  faults_.keep_synchronous_normal();
  const auto queue = SqliteQueue::open(path());
  ASSERT_FALSE(queue);
  EXPECT_THAT(queue.error().message, HasSubstr("it says wal, 1"));
}

}  // namespace
}  // namespace attestrd::test
