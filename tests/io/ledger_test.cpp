#include "ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "inbox/folder_inbox.h"
#include "io/temporary_folder.h"
#include "queue/sqlite_queue.h"
#include "spool/folder_spool.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

/// A fixture with the ledger on the real disk and the real SQLite.
class LedgerOnDiskTest : public ::testing::Test {
 protected:
  LedgerOnDiskTest() { restart(); }

  void restart() {
    process_.reset();
    process_.emplace(disk_, bounds_);
    const auto recovered = process_->ledger.recover({}, clocks());
    ASSERT_TRUE(recovered) << recovered.error().message;
  }

  RoundReport round(RoundRequest request) {
    auto report = process_->ledger.round(request, clocks());
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(*report) : RoundReport{};
  }

  std::size_t take_in() {
    std::size_t accepted = 0;
    for (;;) {
      RoundRequest request;
      auto& scan = request.scan_inbox.emplace();
      for (const auto& name : disk_.names_in("spool/inbox"))
        scan.events.push_back({InboxEvent::Kind::moved_in, name});
      const auto report = round(std::move(request));
      accepted += report.accepted.size();
      if (!report.inbox_has_more) return accepted;
    }
  }

  struct Process {
    Process(const TemporaryFolder& disk, RoundBounds bounds)
        : root(disk.open("spool")),
          inbox(*FolderInbox::open(disk.open("spool/inbox"), *open_refused(*root))),
          queue(*SqliteQueue::open(disk.path("queue.db").string())),
          spool(*FolderSpool::open(*root)),
          ledger(*inbox, *queue, *spool, bounds) {}

    std::unique_ptr<Directory> root;
    std::unique_ptr<FolderInbox> inbox;
    std::unique_ptr<SqliteQueue> queue;
    std::unique_ptr<FolderSpool> spool;
    Ledger ledger;
  };

  Finish completed(std::string_view id) const {
    return {.id = *HandshakeId::parse(id),
            .outcome = Outcome::completed,
            .reason = Reason::none,
            .polls = 3,
            .last_pending_at = {},
            .finished_at = now_,
            .form = SigningForm::compact,
            .request_id = "req-1",
            .tag = "",
            .response = R"({"_id":"DSa"})"};
  }

  TemporaryFolder disk_;
  RoundBounds bounds_;
  Now clocks() const { return {Mono(std::chrono::hours(1000)), now_}; }

  Wall now_ = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  std::optional<Process> process_;
};

TEST_F(LedgerOnDiskTest, AnIdOfTheInboxIsPublishedInTheSpool) {
  disk_.write("spool/inbox/list", "DSa\nDSb\n");
  EXPECT_EQ(take_in(), 2U);
  restart();
  RoundRequest request;
  request.finishes.push_back(completed("DSa"));
  round(std::move(request));
  restart();
  EXPECT_THAT(disk_.names_in("spool/results"), ElementsAre("DSa.json"));
  EXPECT_THAT(disk_.names_in("spool/staging"), ElementsAre(".used"));
  EXPECT_THAT(disk_.names_in("spool/inbox"), ElementsAre(FolderInbox::kClaimed));
  EXPECT_THAT(disk_.names_in("spool/inbox/.claimed"), IsEmpty());
  const auto counts = *process_->queue->count();
  EXPECT_EQ(counts.polling, 1U);
  EXPECT_EQ(counts.ended, 1U);
}

TEST_F(LedgerOnDiskTest, RecordsAreWrittenWhileOthersAreSynced) {
  bounds_ = {.records = 100, .synced_one_by_one = 1};
  restart();
  RoundRequest request;
  std::string ids;
  for (int number = 100; number < 400; ++number) {
    const auto id = "DS" + std::to_string(number);
    ids += id + "\n";
    request.finishes.push_back(completed(id));
  }
  disk_.write("spool/inbox/list", ids);
  EXPECT_EQ(take_in(), 300U);
  const auto report = process_->ledger.round(request, clocks());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(disk_.names_in("spool/results").size(), 100U);
  // The number of records written ahead depends on the disk.
  const auto ahead = disk_.names_in("spool/staging").size() - 1;
  RecordProperty("ahead", static_cast<int>(ahead));
  EXPECT_LE(ahead, 100U);
  EXPECT_EQ(process_->queue->count()->polling, 200U) << "the rows of what is ahead have to wait";
  while (!request.is_empty()) {
    const auto next = process_->ledger.round(request, clocks());
    ASSERT_TRUE(next) << next.error().message;
  }
  restart();
  EXPECT_EQ(disk_.names_in("spool/results").size(), 300U);
  EXPECT_THAT(disk_.names_in("spool/staging"), ElementsAre(".used"));
  EXPECT_EQ(process_->queue->count()->ended, 300U);
}

TEST_F(LedgerOnDiskTest, AcceptsAHundredThousandIdsOfOneFile) {
  std::string ids;
  for (int i = 0; i < 100'000; ++i) ids += "DS02zfeuv6n4gk" + std::to_string(1'000'000 + i) + "\n";
  disk_.write("spool/inbox/list", ids);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(take_in(), 100'000U);
  const auto took = std::chrono::steady_clock::now() - begin;
  RecordProperty("milliseconds", static_cast<int>(took / 1ms));
  EXPECT_EQ(process_->queue->count()->polling, 100'000U);
  EXPECT_THAT(disk_.names_in("spool/inbox"), ElementsAre(FolderInbox::kClaimed));
  EXPECT_THAT(disk_.names_in("spool/inbox/.claimed"), IsEmpty());
}

}  // namespace
}  // namespace attestrd::test
