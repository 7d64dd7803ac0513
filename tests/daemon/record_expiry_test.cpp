#include "daemon/service/spool/record_expiry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/limits.h"
#include "contract/memory_files.h"
#include "contract/memory_queue.h"
#include "daemon/temporary_folder.h"
#include "files/posix_files.h"
#include "inbox/folder_inbox.h"
#include "spool/folder_spool.h"
#include "spool/record.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Mono kStart{1000h};
constexpr Duration kDay = 24h;

/// Real folders, a queue in memory, and a disk worker on its own thread.
class RecordExpiryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.paths.spool = folder_.path();
    config_.spool.keep_days = 30;
    ASSERT_TRUE(ledger_.recover({"boot", Wall{}}, {kStart, Wall(1000h)}));
    worker_.start();
    expiry_.emplace(RecordExpiry::Parts{loop_.get_executor(), config_, worker_, ledger_, notices_,
                                        [this] { return is_readmitting_; }},
                    kStart);
  }
  void TearDown() override { worker_.stop(); }

  /// A record whose handshake has ended so long ago, in running time.
  void given_record(const std::string& id, Outcome outcome, Duration age = 31 * kDay) {
    const auto handshake = *HandshakeId::parse(id);
    store_.ended[handshake] = {outcome, Wall{}, -age};
    folder_.write(std::string(folder_of(outcome)) + "/" + id + ".json",
                  record_head(handshake, outcome) + "}\n");
  }

  std::vector<std::string> in(Outcome outcome) {
    return *(*PosixDirectory::open((folder_.path() / folder_of(outcome)).string()))->list();
  }

  void check(Duration after) { expiry_->check(kStart + after); }

  /// Runs the pass that has begun to its end: until the disk worker has reported nothing for a
  /// while.
  void run_pass() {
    loop_.restart();
    const auto work = boost::asio::make_work_guard(loop_);
    while (loop_.run_one_for(300ms) > 0) {
    }
  }

  double expired(std::string_view folder) {
    return notices_.counters().value(Metric::spool_expired, folder);
  }

  TemporaryFolder folder_;
  test::Faults faults_;
  test::MemoryFolder root_{faults_};
  test::MemoryDirectory inbox_root_{root_};
  std::unique_ptr<FolderInbox> inbox_ =
      *FolderInbox::open(*inbox_root_.subfolder("inbox"), *inbox_root_.subfolder("refused"));
  test::MemoryStore store_;
  test::MemoryQueue queue_{store_, faults_};
  std::unique_ptr<Directory> spool_root_ = *PosixDirectory::open(folder_.path().string());
  std::unique_ptr<FolderSpool> spool_ = *FolderSpool::open(*spool_root_);
  Ledger ledger_{*inbox_, queue_, *spool_};
  boost::asio::io_context loop_;
  NoticeWriter notices_{{.level = Level::error, .format = LogFormat::json}, Descriptor()};
  DiskWorker worker_{ledger_, loop_.get_executor(), [] { return Now{kStart, Wall(1000h)}; }, {}};
  Config config_;
  bool is_readmitting_ = false;
  std::optional<RecordExpiry> expiry_;
};

TEST_F(RecordExpiryTest, APassRemovesWhatIsOldFromThreeFolders) {
  for (int i = 0; i < 150; ++i) given_record("DSa" + std::to_string(i), Outcome::archived);
  given_record("DSf", Outcome::failed);
  given_record("DSnew", Outcome::failed, 29 * kDay);
  given_record("DSr", Outcome::rejected);
  given_record("DSc", Outcome::completed);
  check(limits::kFirstExpiry - 1us);
  run_pass();
  EXPECT_THAT(in(Outcome::rejected), ElementsAre("DSr.json")) << "it is too early";
  EXPECT_FALSE(expiry_->may_purge());
  check(limits::kFirstExpiry);
  run_pass();
  EXPECT_THAT(in(Outcome::archived), IsEmpty());
  EXPECT_THAT(in(Outcome::failed), ElementsAre("DSnew.json"));
  EXPECT_THAT(in(Outcome::rejected), IsEmpty());
  EXPECT_THAT(in(Outcome::completed), ElementsAre("DSc.json"));
  EXPECT_EQ(expired("archived"), 150);
  EXPECT_EQ(expired("failed"), 1);
  EXPECT_TRUE(expiry_->may_purge());
  given_record("DSlate", Outcome::failed);
  check(limits::kFirstExpiry + limits::kExpiryInterval);
  run_pass();
  EXPECT_THAT(in(Outcome::failed), ElementsAre("DSnew.json"));
}

TEST_F(RecordExpiryTest, RejectedRecordsStayWhileRecordsAreReadmitted) {
  given_record("DSf", Outcome::failed);
  given_record("DSr", Outcome::rejected);
  is_readmitting_ = true;
  check(limits::kFirstExpiry);
  run_pass();
  EXPECT_THAT(in(Outcome::failed), IsEmpty());
  EXPECT_THAT(in(Outcome::rejected), ElementsAre("DSr.json"));
  EXPECT_FALSE(expiry_->may_purge()) << "not all records were seen";
  is_readmitting_ = false;
  check(limits::kFirstExpiry + limits::kExpiryInterval);
  run_pass();
  EXPECT_THAT(in(Outcome::rejected), IsEmpty());
}

TEST_F(RecordExpiryTest, AReloadHoldsAtOnceAlsoDuringAPass) {
  given_record("DSr", Outcome::rejected);
  check(limits::kFirstExpiry);
  config_.spool.keep_days = 0;
  run_pass();
  EXPECT_THAT(in(Outcome::rejected), ElementsAre("DSr.json"));
  EXPECT_TRUE(expiry_->may_purge()) << "without the setting nothing waits for a pass";
  check(limits::kFirstExpiry + 1s);
  config_.spool.keep_days = 31;
  EXPECT_FALSE(expiry_->may_purge());
  check(limits::kFirstExpiry + 2s);
  run_pass();
  EXPECT_THAT(in(Outcome::rejected), IsEmpty());
}

TEST_F(RecordExpiryTest, AfterAFolderThatCantBeListedTheNextOnesFollow) {
  given_record("DSr", Outcome::rejected);
  std::filesystem::remove_all(folder_.path() / "archived");
  check(limits::kFirstExpiry);
  run_pass();
  EXPECT_THAT(in(Outcome::rejected), IsEmpty());
  EXPECT_EQ(expired("rejected"), 1);
}

}  // namespace
}  // namespace attestrd
