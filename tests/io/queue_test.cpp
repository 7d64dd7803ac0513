#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <functional>

#include "io/queue_rows.h"
#include "io/temporary_folder.h"
#include "queue/schema.h"
#include "queue/sqlite_database.h"
#include "queue/sqlite_queue.h"

namespace attestrd::test {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;
/// Replaces one of the system calls of SQLite during its lifetime.
class OtherCall {
 public:
  OtherCall(const char* name, sqlite3_syscall_ptr call) : name_(name) {
    EXPECT_EQ(files_->xSetSystemCall(files_, name, call), SQLITE_OK);
  }
  ~OtherCall() { files_->xSetSystemCall(files_, name_, nullptr); }
  OtherCall(const OtherCall&) = delete;
  OtherCall& operator=(const OtherCall&) = delete;

 private:
  sqlite3_vfs* files_ = sqlite3_vfs_find(nullptr);
  const char* name_;
};

int open_for_reading_alone(const char* path, int flags, int mode) {
  if ((flags & O_ACCMODE) == O_RDONLY) return ::open(path, flags, mode);
  errno = EIO;
  return -1;
}

int fail_to_unlink(const char*) {
  errno = EIO;
  return -1;
}

bool is_quota_spent = false;

ssize_t write_within_quota(int descriptor, const void* bytes, std::size_t count, off64_t offset) {
  if (!is_quota_spent) return ::pwrite64(descriptor, bytes, count, offset);
  errno = EDQUOT;
  return -1;
}

class QueueTest : public ::testing::Test {
 protected:
  std::string path() const { return disk_.path("queue.db").string(); }

  void open() {
    queue_.reset();
    auto queue = SqliteQueue::open(path());
    ASSERT_TRUE(queue) << queue.error().message;
    queue_ = std::move(*queue);
  }

  Error error_of_open() {
    queue_.reset();
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

  void accept(const std::vector<std::string>& ids) { ASSERT_TRUE(test::accept(*queue_, ids)); }

  TemporaryFolder disk_;
  std::unique_ptr<SqliteQueue> queue_;
};

TEST_F(QueueTest, IsAPrivateFileOfItsOwnKind) {
  open();
  struct stat status;
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0137U, 0U);
  queue_.reset();
  const auto bytes = disk_.read("queue.db");
  EXPECT_EQ(bytes.substr(68, 4), "Attr") << "application_id, at its place in the header";
}

TEST_F(QueueTest, ABatchThatFailsChangesNothing) {
  open();
  sql("CREATE TRIGGER stop BEFORE INSERT ON handshake WHEN new.id = 'DSb' "
      "BEGIN SELECT RAISE(FAIL, 'stop'); END");
  open();
  EXPECT_FALSE(test::accept(*queue_, {"DSa", "DSb"}));
  EXPECT_EQ(queue_->count()->polling, 0U);
  accept({"DSa"});  // The next batch is written.
  EXPECT_EQ(queue_->count()->polling, 1U);
}

TEST_F(QueueTest, UnreadableObservationsAreIgnored) {
  open();
  ASSERT_TRUE(learn(*queue_));
  sql("UPDATE learnt SET text = 'of another version'");
  open();
  EXPECT_EQ(*queue_->learnt(), std::nullopt);
  ASSERT_TRUE(learn(*queue_));
  EXPECT_NEAR((*queue_->learnt())->completions(), 1, 0.01);
}

TEST_F(QueueTest, ReportsAFullDisk) {
  const auto database = SqliteDatabase::open(path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->execute("PRAGMA max_page_count = 12; CREATE TABLE filler (x)"));
  const auto full = (*database)->execute("INSERT INTO filler VALUES (zeroblob(100000))");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Errc::disk_full);
}

TEST_F(QueueTest, ListsPendingRowsInPages) {
  open();
  ASSERT_TRUE(write_rows(*queue_));
  queue_.reset();
  const auto queue = SqliteQueue::open_read_only(path());
  ASSERT_TRUE(queue);
  const auto all = (*queue)->rows_after("", 10);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->at(0).handshake.id, id_of("DSpolling"));
  EXPECT_FALSE(all->at(0).is_staged);
  EXPECT_EQ(all->at(1).handshake.id, id_of("DSstaged"));
  EXPECT_TRUE(all->at(1).is_staged);
  EXPECT_EQ((*queue)->rows_after("", 1)->size(), 1U);
  EXPECT_EQ((*queue)->rows_after("DSpolling", 10)->size(), 1U);
  EXPECT_TRUE((*queue)->rows_after("DSstaged", 10)->empty());
}

const std::string kVersion3 = std::string(kToVersion4) + kFrom4To3;

TEST_F(QueueTest, UpgradesAFileOfVersion6) {
  open();
  ASSERT_TRUE(write_rows(*queue_));
  queue_.reset();
  sql("DROP INDEX tombstone_tag; PRAGMA user_version = 6");
  {
    const auto looked_at = SqliteQueue::open_read_only(path());
    ASSERT_TRUE(looked_at);
    EXPECT_EQ((*looked_at)->staged()->size(), 1U);
  }
  open();
  queue_.reset();
  sql("DROP INDEX tombstone_tag");  // Fails if it is not there.
}

TEST_F(QueueTest, UpgradesAFileOfVersion5) {
  open();
  ASSERT_TRUE(write_rows(*queue_));
  queue_.reset();
  sql(kToVersion5);
  {
    const auto looked_at = SqliteQueue::open_read_only(path());
    ASSERT_TRUE(looked_at);
    EXPECT_FALSE((*looked_at)->operator_pause()->since);
    EXPECT_FALSE(find_polling(**looked_at, "DSpolling")->value().is_held);
    EXPECT_EQ((*looked_at)->staged()->size(), 1U);
  }
  open();
  EXPECT_FALSE(queue_->operator_pause()->since);
  EXPECT_FALSE(find_polling(*queue_, "DSpolling")->value().is_held);
  ASSERT_TRUE(change(*queue_, {SetHeld{id_of("DSpolling"), true}}));
  EXPECT_TRUE(find_polling(*queue_, "DSpolling")->value().is_held);
}

TEST_F(QueueTest, UpgradesAFileOfVersion4) {
  open();
  ASSERT_TRUE(write_rows(*queue_));
  queue_.reset();
  sql(kToVersion4);
  const auto id = *HandshakeId::parse("DSended");
  const SignedResult result{*HandshakeId::parse("DSpolling")};
  const std::span results(&result, 1);
  {
    const auto looked_at = SqliteQueue::open_read_only(path());
    ASSERT_TRUE(looked_at);
    EXPECT_EQ(std::get<EndedHandshake>(*(*looked_at)->find(id)).diverted_to, "");
    EXPECT_FALSE((*looked_at)->find_by_signature(results)->at(0)) << "none is known";
    EXPECT_EQ(find_polling(**looked_at, "DSpolling")->value().attempt, 0U);
    EXPECT_FALSE((*looked_at)->staged()->at(0).signature);
  }
  open();
  EXPECT_EQ(std::get<EndedHandshake>(*queue_->find(id)).diverted_to, "");
  EXPECT_FALSE(queue_->find_by_signature(results)->at(0));
  ASSERT_TRUE(change(*queue_, {done("DSstaged")}));  // It was staged by the older version.
  accept({"DSnew"});
  auto staged = stage("DSnew");
  staged.handshake.signature.emplace();
  ASSERT_TRUE(change(*queue_, {staged}));
  EXPECT_EQ(queue_->find_by_signature(results)->at(0), HandshakeId::parse("DSnew"));
}

TEST_F(QueueTest, UpgradesAFileOfVersion3) {
  open();
  accept({"DS1"});
  queue_.reset();
  sql(kVersion3);
  {
    const auto looked_at = SqliteQueue::open_read_only(path());
    ASSERT_TRUE(looked_at);
    EXPECT_TRUE((*looked_at)->count()->oldest_pending);
    EXPECT_TRUE((*looked_at)->clocks()->empty());
  }
  open();
  EXPECT_EQ(queue_->claim(10)->rows.at(0).boot, 0) << "the boot is unknown";
  QueueBatch batch;
  batch.clocks = {{1, "boot", {}, std::chrono::hours(1), {}}};
  ASSERT_TRUE(queue_->write(batch, Wall{}));
  EXPECT_EQ(*queue_->clocks(), batch.clocks);
}

TEST_F(QueueTest, UpgradesAFileOfVersion2) {
  open();
  ASSERT_TRUE(learn(*queue_));
  sql(kVersion3 + "DROP TABLE reserved; PRAGMA user_version = 2");
  open();
  EXPECT_NEAR((*queue_->learnt())->completions(), 1, 0.01);
  EXPECT_EQ(*queue_->reserved(), std::nullopt);
  ASSERT_TRUE(reserve(*queue_, {20'000, 300}));
  EXPECT_EQ(*queue_->reserved(), (DayRequests{20'000, 300}));
}

TEST_F(QueueTest, UpgradesAFileOfVersion1) {
  open();
  accept({"DS1"});
  queue_.reset();
  sql(kVersion3 + "DROP TABLE learnt; DROP TABLE reserved; PRAGMA user_version = 1");
  {
    const auto looked_at = SqliteQueue::open_read_only(path());
    ASSERT_TRUE(looked_at);
    EXPECT_EQ((*looked_at)->count()->polling, 1U);
    EXPECT_FALSE((*looked_at)->operator_pause()->since);
  }
  open();
  EXPECT_EQ(queue_->count()->polling, 1U);
  EXPECT_EQ(*queue_->learnt(), std::nullopt);
  ASSERT_TRUE(learn(*queue_));
  EXPECT_NEAR((*queue_->learnt())->completions(), 1, 0.01);
  ASSERT_TRUE(reserve(*queue_, {20'000, 300}));
  EXPECT_EQ(*queue_->reserved(), (DayRequests{20'000, 300}));
}

TEST_F(QueueTest, DistinguishesAFailingDiskFromAMissingPermission) {
  // SQLite then opens the file for reading, and detects later that it can't write.
  const OtherCall open_call("open", reinterpret_cast<sqlite3_syscall_ptr>(open_for_reading_alone));
  EXPECT_EQ(error_of_open().code, Errc::io_failure);
}

TEST_F(QueueTest, DetectsThatTheChangeOfAPragmaFailed) {
  // SQLite removes its journal to commit the change, after it has returned the result of the
  // pragma.
  const OtherCall unlink_call("unlink", reinterpret_cast<sqlite3_syscall_ptr>(fail_to_unlink));
  EXPECT_EQ(error_of_open().code, Errc::io_failure);
}

TEST_F(QueueTest, RefusesANewerVersion) {
  open();
  sql("PRAGMA user_version = " + std::to_string(schema::kVersion + 1));
  const auto error = error_of_open();
  EXPECT_EQ(error.code, Errc::newer_version);
  EXPECT_THAT(error.message, HasSubstr(path()));
}

TEST_F(QueueTest, RefusesTheDatabaseOfAnotherProgram) {
  sql("CREATE TABLE theirs (x)");
  EXPECT_EQ(error_of_open().code, Errc::invalid_input);
  EXPECT_THAT(error_of_open().message, HasSubstr("another program"));
}

TEST_F(QueueTest, RefusesAFileThatIsNoDatabase) {
  disk_.write("queue.db", std::string(5000, 'x'));
  EXPECT_EQ(error_of_open().code, Errc::invalid_input);
  EXPECT_EQ(disk_.read("queue.db"), std::string(5000, 'x')) << "and leaves it as it is";
}

TEST_F(QueueTest, ReportsCorruption) {
  open();
  std::vector<std::string> ids;
  for (int i = 0; i < 2000; ++i) ids.push_back("DS" + std::to_string(i));
  accept(ids);
  queue_.reset();
  auto bytes = disk_.read("queue.db");
  ASSERT_GT(bytes.size(), 12'000U);
  for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = '\x5a';
  disk_.write("queue.db", bytes);
  const auto queue = SqliteQueue::open(path());
  const auto error = queue ? (*queue)->count().error() : queue.error();
  EXPECT_EQ(error.code, Errc::invalid_input) << "no restart helps";
  EXPECT_THAT(error.message, HasSubstr("restore it from a backup"));
}

TEST_F(QueueTest, RefusesALinkAndAMissingFolder) {
  std::filesystem::create_symlink(disk_.path("elsewhere"), disk_.path("queue.db"));
  EXPECT_EQ(error_of_open().code, Errc::unsafe_file);
  const auto nowhere = SqliteQueue::open(disk_.path("none/queue.db").string());
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Errc::not_found);
}

TEST_F(QueueTest, WritesNothingIntoAFileThatWasMovedRemovedOrReplaced) {
  const auto refuses = [this] {
    const auto written = queue_->write(QueueBatch(), kNow);
    ASSERT_FALSE(written) << "though there is nothing to write";
    EXPECT_EQ(written.error().code, Errc::io_failure);
    EXPECT_THAT(written.error().message, HasSubstr("moved, removed or replaced"));
  };
  open();
  std::filesystem::rename(path(), disk_.path("aside.db"));
  refuses();
  disk_.write("queue.db", "another");
  refuses();
  std::filesystem::remove(path());
  std::filesystem::rename(disk_.path("aside.db"), path());
  accept({"DSa"});  // The file is in its place again.
  std::filesystem::remove(path());
  refuses();
}

TEST_F(QueueTest, ASpentQuotaIsAFullDisk) {
  const OtherCall write("pwrite64", reinterpret_cast<sqlite3_syscall_ptr>(write_within_quota));
  open();
  is_quota_spent = true;
  const auto written = test::accept(*queue_, {"DSa"});
  is_quota_spent = false;
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::disk_full) << written.error().message;
  accept({"DSa"});
  EXPECT_EQ(queue_->count()->polling, 1U);
}

TEST_F(QueueTest, WritesNothingIntoALogThatWasMovedRemovedOrReplaced) {
  const auto log = path() + "-wal";
  const std::function<void()> damages[] = {
      [&] { std::filesystem::remove(log); },
      [&] { std::filesystem::rename(log, disk_.path("aside")); },
      [&] {
        disk_.write("another", "x");
        std::filesystem::rename(disk_.path("another"), log);
      }};
  std::vector<std::string> ids;
  for (const auto& damage : damages) {
    open();
    ids.push_back("DS" + std::to_string(ids.size()));
    accept({ids.back()});
    damage();
    const auto written = test::accept(*queue_, {"DSlost"});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::io_failure);
    EXPECT_THAT(written.error().message, HasSubstr("moved, removed or replaced"));
    std::filesystem::copy(path(), disk_.path("killed.db"));  // As a killed process leaves it.
    queue_ = *SqliteQueue::open(disk_.path("killed.db").string());
    EXPECT_EQ(queue_->count()->polling, ids.size()) << "each commit stands";
    queue_.reset();
    std::filesystem::rename(disk_.path("killed.db"), path());
    std::filesystem::remove(log);
  }
}

TEST_F(QueueTest, ALogThatIsGoneAndCantBeSavedIsReported) {
  const OtherCall write("pwrite64", reinterpret_cast<sqlite3_syscall_ptr>(write_within_quota));
  open();
  accept({"DSa"});
  std::filesystem::remove(path() + "-wal");
  is_quota_spent = true;
  const auto written = test::accept(*queue_, {"DSb"});
  is_quota_spent = false;
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::disk_full);
}

TEST_F(QueueTest, AcceptsALinkToItsFolder) {
  std::filesystem::create_directory(disk_.path("folder"));
  std::filesystem::create_directory_symlink("folder", disk_.path("link"));
  const auto queue = SqliteQueue::open(disk_.path("link/queue.db").string());
  EXPECT_TRUE(queue) << queue.error().message;
  EXPECT_TRUE(std::filesystem::exists(disk_.path("folder/queue.db")));
}

TEST_F(QueueTest, HasOneUserAtATime) {
  open();
  accept({"DSa"});
  const auto second = SqliteQueue::open(path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
}

TEST_F(QueueTest, IsReadByTheCommandLineEvenAfterAKill) {
  open();
  accept({"DSa"});
  // Copies the file and its log while they are open, as a killed process leaves them.
  std::filesystem::copy(disk_.path("queue.db"), disk_.path("left.db"));
  std::filesystem::copy(disk_.path("queue.db-wal"), disk_.path("left.db-wal"));
  auto left = SqliteQueue::open_read_only(disk_.path("left.db").string());
  ASSERT_TRUE(left) << left.error().message;
  EXPECT_EQ((*left)->count()->polling, 1U);
  EXPECT_FALSE(test::accept(**left, {"DSb"}));
  queue_.reset();
  const auto closed = SqliteQueue::open_read_only(path());
  ASSERT_TRUE(closed) << closed.error().message;
  EXPECT_EQ((*closed)->count()->polling, 1U);
  EXPECT_FALSE(SqliteQueue::open_read_only(disk_.path("none.db").string()));
}

}  // namespace
}  // namespace attestrd::test
