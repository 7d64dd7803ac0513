#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>

#include "base/check.h"
#include "io/temporary_folder.h"
#include "queue/schema.h"
#include "queue/sqlite_database.h"
#include "queue/sqlite_queue.h"

namespace attestrd::test {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;
using Kind = Acceptance::Kind;

const Wall kNow{1'700'000'000s};

HandshakeId id_of(std::string_view text) {
  const auto id = HandshakeId::parse(text);
  ATTESTRD_CHECK(id.has_value());
  return *id;
}

/// Until its end, one of the system calls that SQLite makes is another.
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

  Acceptance accept(std::string_view id, std::string tag = "", std::optional<Wall> expiry = {}) {
    return *queue_->accept({id_of(id), std::move(tag), expiry}, kNow);
  }

  static StagedHandshake staged(std::string_view id) {
    return {id_of(id), Outcome::failed, Reason::expired, kNow + 5s, fingerprint_of("record")};
  }

  template <class Change>
  void commit(Change change) {
    ASSERT_TRUE(queue_->begin());
    change();
    ASSERT_TRUE(queue_->commit());
  }

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

TEST_F(QueueTest, KeepsARowAsItWasAccepted) {
  open();
  commit([this] {
    const auto first = accept("DSa", "tag \xc3\xa4", kNow + 1h);
    EXPECT_EQ(first.kind, Kind::inserted);
    EXPECT_EQ(first.row.tag, "tag ä");
  });
  open();
  const auto row = *queue_->find_polling(id_of("DSa"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->tag, "tag ä");
  EXPECT_EQ(row->submitted_at, kNow);
  EXPECT_EQ(row->expiry, kNow + 1h);
  EXPECT_EQ(row->polls, 0U);
  EXPECT_EQ(row->last_pending_at, std::nullopt);
}

TEST_F(QueueTest, MergesASecondSubmission) {
  open();
  commit([this] {
    accept("DSa");
    const auto given = accept("DSa", "1", kNow + 2h);
    EXPECT_EQ(given.kind, Kind::merged);
    EXPECT_EQ(given.row.tag, "1");
    EXPECT_EQ(given.row.expiry, kNow + 2h);
    const auto earlier = accept("DSa", "2", kNow + 1h);
    EXPECT_EQ(earlier.row.tag, "1") << "the first tag holds";
    EXPECT_EQ(earlier.row.expiry, kNow + 2h) << "the later expiry holds";
    EXPECT_EQ(accept("DSa").row.expiry, kNow + 2h);
    EXPECT_EQ(accept("DSa", "", kNow + 3h).row.expiry, kNow + 3h);
  });
  EXPECT_EQ((*queue_->find_polling(id_of("DSa")))->expiry, kNow + 3h);
}

TEST_F(QueueTest, LeadsARowThroughItsStates) {
  open();
  const auto id = id_of("DSa");
  commit([&] {
    accept("DSa");
    EXPECT_TRUE(*queue_->update_progress(id, 3, kNow + 1s));
    EXPECT_EQ((*queue_->find_polling(id))->polls, 3U);
    EXPECT_FALSE(*queue_->mark_done(id)) << "it is not staged";
    EXPECT_FALSE(*queue_->unstage(id));
    EXPECT_TRUE(*queue_->stage(staged("DSa")));
    EXPECT_FALSE(*queue_->stage(staged("DSa"))) << "it is not polling";
    EXPECT_FALSE(*queue_->update_progress(id, 4, {}));
    EXPECT_FALSE(*queue_->find_polling(id));
    EXPECT_EQ(accept("DSa").kind, Kind::already_ended);
  });
  const auto rows = *queue_->staged();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].outcome, Outcome::failed);
  EXPECT_EQ(rows[0].reason, Reason::expired);
  EXPECT_EQ(rows[0].finished_at, kNow + 5s);
  EXPECT_EQ(rows[0].record, fingerprint_of("record"));
  commit([&] {
    EXPECT_TRUE(*queue_->mark_done(id));
    EXPECT_FALSE(*queue_->mark_done(id));
  });
  const auto again = accept("DSa");
  EXPECT_EQ(again.kind, Kind::already_ended);
  EXPECT_EQ(again.outcome, Outcome::failed);
  EXPECT_FALSE(*queue_->stage(staged("DSnone")));
}

TEST_F(QueueTest, FindsAHandshakeInWhateverState) {
  open();
  commit([this] {
    for (const auto* const id : {"DSa", "DSb", "DSc"}) accept(id, "7");
    EXPECT_TRUE(*queue_->stage(staged("DSb")));
    EXPECT_TRUE(*queue_->stage(staged("DSc")));
    EXPECT_TRUE(*queue_->mark_done(id_of("DSc")));
  });
  const auto pending = *queue_->find(id_of("DSa"));
  ASSERT_TRUE(std::holds_alternative<QueuedHandshake>(pending));
  EXPECT_EQ(std::get<QueuedHandshake>(pending).tag, "7");
  const auto ending = *queue_->find(id_of("DSb"));
  ASSERT_TRUE(std::holds_alternative<EndingHandshake>(ending));
  EXPECT_EQ(std::get<EndingHandshake>(ending).outcome, Outcome::failed);
  EXPECT_EQ(std::get<EndingHandshake>(ending).finished_at, kNow + 5s);
  const auto ended = *queue_->find(id_of("DSc"));
  ASSERT_TRUE(std::holds_alternative<EndedHandshake>(ended));
  EXPECT_EQ(std::get<EndedHandshake>(ended).outcome, Outcome::failed);
  EXPECT_EQ(std::get<EndedHandshake>(ended).finished_at, kNow + 5s);
  EXPECT_TRUE(std::holds_alternative<UnknownHandshake>(*queue_->find(id_of("DSnobody"))));
}

TEST_F(QueueTest, AnUnstagedRowIsPolledAgain) {
  open();
  commit([this] {
    accept("DSa", "1");
    EXPECT_TRUE(*queue_->stage(staged("DSa")));
    EXPECT_TRUE(*queue_->unstage(id_of("DSa")));
  });
  EXPECT_EQ((*queue_->find_polling(id_of("DSa")))->tag, "1");
  EXPECT_TRUE(queue_->staged()->empty());
}

TEST_F(QueueTest, ARollbackForgetsTheRound) {
  open();
  ASSERT_TRUE(queue_->begin());
  accept("DSa");
  queue_->rollback();
  EXPECT_FALSE(*queue_->find_polling(id_of("DSa")));
  queue_->rollback();  // There may be nothing to roll back.
  commit([this] { accept("DSa"); });
}

TEST_F(QueueTest, CountsAndVisitsWhatIsPending) {
  open();
  commit([this] {
    for (const auto* const id : {"DSa", "DSb", "DSc", "DSd"}) accept(id);
    EXPECT_TRUE(*queue_->stage(staged("DSb")));
    EXPECT_TRUE(*queue_->stage(staged("DSc")));
    EXPECT_TRUE(*queue_->mark_done(id_of("DSc")));
  });
  std::vector<std::string> visited;
  ASSERT_TRUE(queue_->for_each_polling(
      [&visited](const QueuedHandshake& row) { visited.emplace_back(row.id.view()); }));
  EXPECT_THAT(visited, ::testing::ElementsAre("DSa", "DSd"));
  const auto counts = *queue_->count();
  EXPECT_EQ(counts.polling, 2U);
  EXPECT_EQ(counts.staged, 1U);
  EXPECT_EQ(counts.ended, 1U);
  EXPECT_EQ(counts.oldest_pending, kNow);
}

TEST_F(QueueTest, PurgesTheOldestTombstonesFirst) {
  open();
  commit([this] {
    for (const auto* const id : {"DSa", "DSb", "DSc"}) {
      accept(id);
      EXPECT_TRUE(*queue_->stage(staged(id)));
      EXPECT_TRUE(*queue_->mark_done(id_of(id)));
    }
    EXPECT_EQ(*queue_->purge_tombstones(kNow + 5s, 10), 0U);
    EXPECT_EQ(*queue_->purge_tombstones(kNow + 6s, 2), 2U);
    EXPECT_EQ(*queue_->purge_tombstones(kNow + 6s, 2), 1U);
  });
}

TEST_F(QueueTest, TellsAFullDisk) {
  const auto database = SqliteDatabase::open(path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->execute("PRAGMA max_page_count = 12; CREATE TABLE filler (x)"));
  const auto full = (*database)->execute("INSERT INTO filler VALUES (zeroblob(100000))");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Errc::disk_full);
}

TEST_F(QueueTest, KeepsOneTextOfWhatWasLearnt) {
  open();
  EXPECT_EQ(*queue_->hazard(), std::nullopt);
  commit([this] { EXPECT_TRUE(queue_->save_hazard("first")); });
  commit([this] { EXPECT_TRUE(queue_->save_hazard("second")); });
  open();
  EXPECT_EQ(*queue_->hazard(), "second");
}

TEST_F(QueueTest, KeepsOneCountOfWhatIsReserved) {
  open();
  EXPECT_EQ(*queue_->reserved(), std::nullopt);
  commit([this] { EXPECT_TRUE(queue_->save_reserved({20'000, 300})); });
  commit([this] { EXPECT_TRUE(queue_->save_reserved({20'001, 40})); });
  open();
  EXPECT_EQ(*queue_->reserved(), (DayRequests{20'001, 40}));
}

TEST_F(QueueTest, BringsUpAFileOfVersion2) {
  open();
  commit([this] { EXPECT_TRUE(queue_->save_hazard("text")); });
  queue_.reset();
  sql("DROP TABLE reserved; PRAGMA user_version = 2");
  open();
  EXPECT_EQ(*queue_->hazard(), "text");
  EXPECT_EQ(*queue_->reserved(), std::nullopt);
  commit([this] { EXPECT_TRUE(queue_->save_reserved({20'000, 300})); });
  EXPECT_EQ(*queue_->reserved(), (DayRequests{20'000, 300}));
}

TEST_F(QueueTest, BringsUpAFileOfVersion1) {
  open();
  commit([this] { accept("DS1"); });
  queue_.reset();
  sql("DROP TABLE learnt; DROP TABLE reserved; PRAGMA user_version = 1");
  {
    const auto looked_at = SqliteQueue::open_read_only(path());
    ASSERT_TRUE(looked_at);
    EXPECT_EQ((*looked_at)->count()->polling, 1U);
  }
  open();
  EXPECT_EQ(queue_->count()->polling, 1U);
  commit([this] { EXPECT_TRUE(queue_->save_hazard("text")); });
  EXPECT_EQ(*queue_->hazard(), "text");
  commit([this] { EXPECT_TRUE(queue_->save_reserved({20'000, 300})); });
  EXPECT_EQ(*queue_->reserved(), (DayRequests{20'000, 300}));
}

TEST_F(QueueTest, TellsAFailingDiskFromAMissingRight) {
  // SQLite opens the file for reading then, and finds out later that it can't write.
  const OtherCall open_call("open", reinterpret_cast<sqlite3_syscall_ptr>(open_for_reading_alone));
  EXPECT_EQ(error_of_open().code, Errc::io_failure);
}

TEST_F(QueueTest, SeesThatTheChangeOfAPragmaFailed) {
  // To commit it, SQLite removes its journal, which is after the answer.
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

TEST_F(QueueTest, RefusesWhatIsNoDatabase) {
  disk_.write("queue.db", std::string(5000, 'x'));
  EXPECT_EQ(error_of_open().code, Errc::invalid_input);
  EXPECT_EQ(disk_.read("queue.db"), std::string(5000, 'x')) << "and leaves it as it is";
}

TEST_F(QueueTest, SaysThatItIsCorrupt) {
  open();
  commit([this] {
    for (int i = 0; i < 2000; ++i) accept("DS" + std::to_string(i));
  });
  queue_.reset();
  auto bytes = disk_.read("queue.db");
  ASSERT_GT(bytes.size(), 12'000U);
  for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = '\x5a';
  disk_.write("queue.db", bytes);
  const auto queue = SqliteQueue::open(path());
  const auto error = queue ? (*queue)->count().error() : queue.error();
  EXPECT_EQ(error.code, Errc::io_failure);
  EXPECT_THAT(error.message, HasSubstr("restore it from a backup"));
}

TEST_F(QueueTest, RefusesALinkAndAMissingFolder) {
  std::filesystem::create_symlink(disk_.path("elsewhere"), disk_.path("queue.db"));
  EXPECT_EQ(error_of_open().code, Errc::unsafe_file);
  const auto nowhere = SqliteQueue::open(disk_.path("none/queue.db").string());
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Errc::not_found);
}

TEST_F(QueueTest, BeginsNothingInAFileThatWasMovedRemovedOrReplaced) {
  const auto refuses = [this] {
    const auto begun = queue_->begin();
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().code, Errc::io_failure);
    EXPECT_THAT(begun.error().message, HasSubstr("moved, removed or replaced"));
  };
  open();
  std::filesystem::rename(path(), disk_.path("aside.db"));
  refuses();
  disk_.write("queue.db", "another");
  refuses();
  std::filesystem::remove(path());
  std::filesystem::rename(disk_.path("aside.db"), path());
  commit([this] { accept("DSa"); });  // It is back.
  std::filesystem::remove(path());
  refuses();
}

TEST_F(QueueTest, TakesALinkToItsFolder) {
  std::filesystem::create_directory(disk_.path("folder"));
  std::filesystem::create_directory_symlink("folder", disk_.path("link"));
  const auto queue = SqliteQueue::open(disk_.path("link/queue.db").string());
  EXPECT_TRUE(queue) << queue.error().message;
  EXPECT_TRUE(std::filesystem::exists(disk_.path("folder/queue.db")));
}

TEST_F(QueueTest, HasOneUserAtATime) {
  open();
  commit([this] { accept("DSa"); });
  const auto second = SqliteQueue::open(path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
}

TEST_F(QueueTest, IsReadByTheCommandLineEvenAfterAKill) {
  open();
  commit([this] { accept("DSa"); });
  // What a killed process leaves: the file and its log, neither of them closed.
  std::filesystem::copy(disk_.path("queue.db"), disk_.path("left.db"));
  std::filesystem::copy(disk_.path("queue.db-wal"), disk_.path("left.db-wal"));
  auto left = SqliteQueue::open_read_only(disk_.path("left.db").string());
  ASSERT_TRUE(left) << left.error().message;
  EXPECT_EQ((*left)->count()->polling, 1U);
  EXPECT_FALSE((*left)->begin() && (*left)->accept({id_of("DSb"), "", {}}, kNow));
  queue_.reset();
  const auto closed = SqliteQueue::open_read_only(path());
  ASSERT_TRUE(closed) << closed.error().message;
  EXPECT_EQ((*closed)->count()->polling, 1U);
  EXPECT_FALSE(SqliteQueue::open_read_only(disk_.path("none.db").string()));
}

}  // namespace
}  // namespace attestrd::test
