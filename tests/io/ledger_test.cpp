#include "ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "inbox/dir_inbox.h"
#include "io/temporary_folder.h"
#include "queue/sqlite_queue.h"
#include "spool/dir_spool.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

/// The ledger with its real hands.
class LedgerOnDiskTest : public ::testing::Test {
 protected:
  LedgerOnDiskTest() { restart(); }

  void restart() {
    process_.reset();
    process_.emplace(disk_);
    const auto recovered = process_->ledger.recover(now_);
    ASSERT_TRUE(recovered) << recovered.error().message;
  }

  RoundReport round(RoundRequest request) {
    auto report = process_->ledger.round(request, now_);
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(*report) : RoundReport{};
  }

  std::size_t take_in() {
    std::size_t accepted = 0;
    for (;;) {
      RoundRequest request;
      request.scan_inbox = true;
      const auto report = round(std::move(request));
      accepted += report.accepted.size();
      if (!report.inbox_has_more) return accepted;
    }
  }

  struct Process {
    explicit Process(const TemporaryFolder& disk)
        : root(disk.open("spool")),
          inbox(disk.open("spool/inbox"), *open_refused(*root)),
          queue(*SqliteQueue::open(disk.path("queue.db").string())),
          spool(*DirSpool::open(*root)),
          ledger(inbox, *queue, *spool) {}

    std::unique_ptr<Directory> root;
    DirInbox inbox;
    std::unique_ptr<SqliteQueue> queue;
    std::unique_ptr<DirSpool> spool;
    Ledger ledger;
  };

  TemporaryFolder disk_;
  Wall now_ = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  std::optional<Process> process_;
};

TEST_F(LedgerOnDiskTest, AnIdComesOutOfTheSpool) {
  disk_.write("spool/inbox/list", "DSa\nDSb\n");
  EXPECT_EQ(take_in(), 2U);
  restart();
  RoundRequest request;
  request.finishes.push_back({*HandshakeId::parse("DSa"),
                              Outcome::completed,
                              Reason::none,
                              3,
                              {},
                              now_,
                              SigningForm::compact,
                              "req-1",
                              "",
                              R"({"_id":"DSa"})"});
  round(std::move(request));
  restart();
  EXPECT_THAT(disk_.names_in("spool/results"), ElementsAre("DSa.json"));
  EXPECT_THAT(disk_.names_in("spool/staging"), ElementsAre(".used"));
  EXPECT_THAT(disk_.names_in("spool/inbox"), IsEmpty());
  const auto counts = *process_->queue->count();
  EXPECT_EQ(counts.polling, 1U);
  EXPECT_EQ(counts.ended, 1U);
}

TEST_F(LedgerOnDiskTest, TakesInAHundredThousandIdsOfOneFile) {
  std::string ids;
  for (int i = 0; i < 100'000; ++i) ids += "DS02zfeuv6n4gk" + std::to_string(1'000'000 + i) + "\n";
  disk_.write("spool/inbox/list", ids);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(take_in(), 100'000U);
  const auto took = std::chrono::steady_clock::now() - begin;
  RecordProperty("milliseconds", static_cast<int>(took / 1ms));
  EXPECT_EQ(process_->queue->count()->polling, 100'000U);
  EXPECT_THAT(disk_.names_in("spool/inbox"), IsEmpty());
}

}  // namespace
}  // namespace attestrd::test
