// The removal of records that were kept long enough, beside retries and readmissions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spool/record.h"
#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LedgerRetentionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.given_submission("list", "DSa\nDSb\n");
    world_.start();
    world_.take_in();
  }

  void end(std::string_view id, Outcome outcome, Reason reason) {
    world_.end(id, outcome, reason);
    world_.round();
    world_.settle();
  }

  std::uint64_t remove(Outcome folder, const std::vector<std::string>& names, Duration keep = 0s) {
    std::uint64_t removed = 0;
    EXPECT_TRUE(world_.ledger().remove_kept(folder, names, keep, removed));
    return removed;
  }

  World world_;
};

TEST_F(LedgerRetentionTest, RemovesWhatWasKeptLongEnough) {
  end("DSa", Outcome::failed, Reason::expired);
  EXPECT_EQ(remove(Outcome::failed, {"DSa.json"}, 24h), 0U);
  EXPECT_EQ(remove(Outcome::failed, {"DSa.json", "notes", "DSother.json"}), 1U);
  EXPECT_THAT(world_.names_in("failed"), IsEmpty());
  EXPECT_EQ(remove(Outcome::failed, {"DSa.json"}), 0U) << "it is gone";
}

TEST_F(LedgerRetentionTest, LeavesFilesOfOthersAndFilesThatTheQueueDoesNotKnow) {
  end("DSa", Outcome::failed, Reason::expired);
  world_.given_file("failed", "DSother.json", "{}");
  world_.give_away("failed", "DSa.json");
  EXPECT_EQ(remove(Outcome::failed, {"DSa.json", "DSother.json"}), 0U);
  EXPECT_THAT(world_.names_in("failed"), ElementsAre("DSa.json", "DSother.json"));
}

TEST_F(LedgerRetentionTest, LeavesTheRecordOfAHandshakeThatIsPolledAnew) {
  end("DSa", Outcome::failed, Reason::expired);
  world_.retry("DSa");
  EXPECT_EQ(world_.retried(), Retried::reopened);
  EXPECT_EQ(remove(Outcome::failed, {"DSa.json"}), 0U);
  end("DSa", Outcome::archived, Reason::none);
  EXPECT_EQ(remove(Outcome::failed, {"DSa.json"}), 0U) << "it has ended otherwise since";
  EXPECT_EQ(remove(Outcome::archived, {"DSa.json"}), 1U);
}

TEST_F(LedgerRetentionTest, LeavesARecordThatIsReadmitted) {
  end("DSa", Outcome::rejected, Reason::invalid_signature);
  world_.readmit("DSa", "DSa.json");
  EXPECT_EQ(world_.readmitted(), Readmitted::readmitted);
  EXPECT_EQ(remove(Outcome::rejected, {"DSa.json"}), 0U);
  EXPECT_THAT(world_.names_in("results"), ElementsAre("DSa.json"));
}

TEST_F(LedgerRetentionTest, LeavesFilesThatAreNoSuchRecord) {
  end("DSa", Outcome::rejected, Reason::invalid_signature);
  const auto record = world_.text_of("rejected", "DSa.json");
  const std::vector<std::string> others = {"", "{}", record.substr(0, 20),
                                           record_head(id_of("DSa"), Outcome::completed) + "}",
                                           record_head(id_of("DSb"), Outcome::rejected) + "}"};
  for (const auto& text : others) {
    world_.given_file("rejected", "DSa.json", text);
    EXPECT_EQ(remove(Outcome::rejected, {"DSa.json"}), 0U) << text;
  }
  world_.given_file("rejected", "DSa.json", record);
  EXPECT_EQ(remove(Outcome::rejected, {"DSa.json"}), 1U);
}

TEST_F(LedgerRetentionTest, NeverRemovesAResult) {
  world_.complete("DSa", R"({"output":"a"})");
  world_.round();
  world_.settle();
  EXPECT_EQ(remove(Outcome::completed, {"DSa.json"}), 0U);
  EXPECT_THAT(world_.names_in("results"), ElementsAre("DSa.json"));
}

}  // namespace
}  // namespace attestrd::test
