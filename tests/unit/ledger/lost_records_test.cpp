#include "ledger/lost_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "contract/memory_files.h"
#include "contract/memory_queue.h"
#include "spool/folder_spool.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

const Wall kNow{std::chrono::seconds(1'700'000'000)};

HandshakeId id_of(std::string_view text) {
  const auto id = HandshakeId::parse(text);
  ATTESTRD_CHECK(id.has_value());
  return *id;
}

class LostRecordsTest : public ::testing::Test {
 protected:
  /// Stages a handshake; its record, whose text is its id, is nowhere yet.
  void given_staged(std::string_view id) {
    QueueBatch batch;
    batch.submissions.push_back({id_of(id), "7", {}});
    ATTESTRD_CHECK(queue_.write(batch, kNow).has_value());
    batch = {};
    batch.fence = queue_.claim(1)->fence;
    batch.clocks = {{1, "boot", {}, {}, 100h}};
    batch.changes.emplace_back(
        Stage{{id_of(id), Outcome::completed, Reason::none, kNow, fingerprint_of(id)}});
    ATTESTRD_CHECK(queue_.write(batch, kNow).has_value());
  }

  void given_file(const std::string& folder, std::string_view id, std::string_view text) {
    root_.folder(folder).names[std::string(id) + ".json"] = text;
  }

  Result<std::vector<StagedRow>> recover(LostRecords lost) {
    MemoryDirectory root(root_);
    const auto spool = *FolderSpool::open(root);
    return recover_lost(queue_, *spool, lost, kNow);
  }

  std::vector<std::string> places(LostRecords lost) {
    std::vector<std::string> places;
    for (const auto& row : *recover(lost))
      places.push_back(std::string(row.id.view()) + ' ' +
                       std::to_string(static_cast<int>(row.place)));
    return places;
  }

  bool is_polling(std::string_view id) {
    const auto found = rows_.open.find(id_of(id));
    return found != rows_.open.end() && !found->second.staged;
  }
  bool is_staged(std::string_view id) {
    const auto found = rows_.open.find(id_of(id));
    return found != rows_.open.end() && found->second.staged;
  }
  bool is_marked() { return root_.folder("staging").names.contains(".used"); }

  Faults faults_;
  MemoryFolder root_{faults_};
  MemoryStore rows_;
  MemoryQueue queue_{rows_, faults_};
};

TEST_F(LostRecordsTest, LostRecordsArePolledAgain) {
  given_staged("DSlost");
  EXPECT_THAT(places(LostRecords::poll_again), ElementsAre("DSlost 2"));
  EXPECT_TRUE(is_polling("DSlost"));
  EXPECT_TRUE(is_marked()) << "the daemon would not start";
  EXPECT_THAT(places(LostRecords::poll_again), IsEmpty()) << "a second time nothing is left to do";
  EXPECT_TRUE(is_polling("DSlost"));
}

TEST_F(LostRecordsTest, LostRecordsCountAsPublished) {
  given_staged("DSlost");
  EXPECT_THAT(places(LostRecords::delivered), ElementsAre("DSlost 2"));
  const auto& ended = rows_.ended.at(id_of("DSlost"));
  EXPECT_EQ(ended.outcome, Outcome::completed);
  EXPECT_EQ(ended.running, 100h) << "it would be purged, and a later submission polled";
  EXPECT_TRUE(is_marked());
  EXPECT_THAT(places(LostRecords::poll_again), IsEmpty());
}

TEST_F(LostRecordsTest, RecordsThatAreThereAreLeftToTheNextStart) {
  for (const auto choice : {LostRecords::poll_again, LostRecords::delivered}) {
    given_staged("DSchanged");
    given_file("staging", "DSchanged", "other bytes");
    given_staged("DSpublished");
    given_file("results", "DSpublished", "DSpublished");
    given_staged("DSstaged");
    given_file("staging", "DSstaged", "DSstaged");
    EXPECT_THAT(places(choice), ElementsAre("DSchanged 0", "DSpublished 1", "DSstaged 0"));
    for (const auto* const id : {"DSchanged", "DSpublished", "DSstaged"})
      EXPECT_TRUE(is_staged(id));
  }
}

TEST_F(LostRecordsTest, AFileOfAnotherIsNoRecord) {
  given_staged("DSa");
  given_file("results", "DSa", "theirs");
  given_staged("DSb");
  root_.folder("results").folder("DSb.json");
  EXPECT_THAT(places(LostRecords::poll_again), ElementsAre("DSa 2", "DSb 2"));
}

TEST_F(LostRecordsTest, AFailureOrADeathLeavesAStartThatRefuses) {
  for (const auto kind : {Faults::Kind::disk_full, Faults::Kind::death}) {
    for (int step = 0;; ++step) {
      root_.folder("staging").names.clear();
      rows_.open.clear();
      given_staged("DSlost");
      bool is_done = false;
      faults_.arm(kind, step);
      try {
        is_done = recover(LostRecords::poll_again).has_value();
      } catch (const Death&) {
      }
      const bool is_past_the_end = !faults_.is_spent();
      faults_.disarm();
      EXPECT_FALSE(is_marked() && is_staged("DSlost")) << "it would count as published";
      ASSERT_TRUE(recover(LostRecords::poll_again));
      EXPECT_TRUE(is_polling("DSlost"));
      EXPECT_TRUE(is_marked());
      if (is_past_the_end) {
        EXPECT_TRUE(is_done);
        EXPECT_GE(step, 2);
        break;
      }
    }
  }
}

TEST_F(LostRecordsTest, AnUnavailableQueueIsReported) {
  given_staged("DSlost");
  for (int step = 0; step < 2; ++step) {
    faults_.arm(Faults::Kind::unavailable, step);
    const auto rows = recover(LostRecords::poll_again);
    ASSERT_FALSE(rows) << step;
    EXPECT_EQ(rows.error().code, Errc::unavailable);
    EXPECT_FALSE(is_marked());
  }
}

}  // namespace
}  // namespace attestrd::test
