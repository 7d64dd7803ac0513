#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "spool/record.h"
#include "unit/crypto/fake_sealer.h"
#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kPerson = R"({"FS1":{"output":{"name":"Jane Doe"}}})";

/// A fixture with handshakes in the queue, and a process that seals.
class SealingTest : public testing::Test {
 protected:
  SealingTest() {
    world_.start();
    world_.given_submission("batch", "DSa\nDSb\nDSc\n");
    world_.take_in();
    world_.set_sealer(sealer_);
  }

  bool is_sealed(const std::string& folder, const std::string& name) {
    const auto record = parse_record(world_.text_of(folder, name));
    return record && !record->sealed_response.empty() && record->response.empty();
  }

  World world_;
  std::shared_ptr<FakeSealer> sealer_ = std::make_shared<FakeSealer>();
};

TEST_F(SealingTest, EachAnswerIsSealedOnceExceptThoseOfRejectedHandshakes) {
  world_.complete("DSa", kPerson);
  world_.end("DSb", Outcome::archived);
  world_.end("DSc", Outcome::rejected, Reason::invalid_signature);
  world_.round();
  EXPECT_TRUE(is_sealed("results", "DSa.json"));
  EXPECT_TRUE(is_sealed("archived", "DSb.json"));
  EXPECT_EQ(parse_record(world_.text_of("rejected", "DSc.json"))->response, R"({"_id":"x"})");
  EXPECT_EQ(sealer_->sealed, 2u);
}

TEST_F(SealingTest, ARepeatedResultThatIsRejectedIsNotSealed) {
  world_.complete("DSa", kPerson);
  world_.round();
  world_.complete("DSb", kPerson);
  world_.round();
  EXPECT_EQ(sealer_->sealed, 1u);
  EXPECT_THAT(world_.text_of("rejected", "DSb.json"), HasSubstr("Jane Doe"));
}

TEST_F(SealingTest, ALackOfMemoryUndoesTheRoundWhichIsTriedAgain) {
  sealer_->failure = Error{Errc::shortage, "no memory"};
  world_.complete("DSa", kPerson);
  world_.end("DSb", Outcome::archived);
  for (int tries = 0; tries < 3; ++tries) {
    const auto report = world_.try_round();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Errc::shortage);
    EXPECT_EQ(world_.request.finishes.size(), 2u) << "nothing of the request is lost";
  }
  EXPECT_THAT(world_.names_in("staging"), ElementsAre(".used"));
  EXPECT_THAT(world_.names_in("results"), IsEmpty());
  EXPECT_THAT(world_.polling(), ElementsAre("DSa", "DSb", "DSc"));
  sealer_->failure.reset();
  world_.round();
  world_.settle();
  EXPECT_TRUE(is_sealed("results", "DSa.json"));
  EXPECT_TRUE(is_sealed("archived", "DSb.json"));
}

TEST_F(SealingTest, AnyOtherFailureEndsTheProcessAndTheHandshakeIsPolledAgain) {
  sealer_->failure = Error{Errc::io_failure, "no reason"};
  world_.complete("DSa", kPerson);
  const auto report = world_.try_round();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::io_failure);
  world_.die();
  world_.start();
  EXPECT_THAT(world_.names_in("staging"), ElementsAre(".used"));
  EXPECT_THAT(world_.names_in("results"), IsEmpty());
  EXPECT_THAT(world_.polling(), ElementsAre("DSa", "DSb", "DSc"));
}

TEST_F(SealingTest, AFailureWhileRecordsAreWrittenAheadLosesNothing) {
  world_.die();
  world_.bounds.records = 2;
  world_.start();
  world_.set_sealer(sealer_);
  sealer_->most = 2;
  world_.complete("DSa", kPerson);
  world_.end("DSb", Outcome::archived);
  world_.end("DSc", Outcome::failed, Reason::expired);
  const auto first = world_.try_round();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(is_sealed("results", "DSa.json"));
  EXPECT_TRUE(is_sealed("archived", "DSb.json"));
  const auto second = world_.try_round();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::shortage);
  EXPECT_THAT(world_.names_in("failed"), IsEmpty());
  sealer_->most = 3;
  world_.round();
  world_.settle();
  EXPECT_TRUE(is_sealed("failed", "DSc.json"));
}

TEST_F(SealingTest, AChangeHoldsForTheRecordsThatAreWrittenFromThenOn) {
  world_.complete("DSa", kPerson);
  world_.round();
  const auto other = std::make_shared<FakeSealer>();
  world_.set_sealer(other);
  world_.end("DSb", Outcome::archived);
  world_.round();
  EXPECT_EQ(sealer_->sealed, 1u);
  EXPECT_EQ(other->sealed, 1u);
  world_.set_sealer(nullptr);
  world_.end("DSc", Outcome::failed, Reason::expired);
  world_.round();
  EXPECT_EQ(parse_record(world_.text_of("failed", "DSc.json"))->response, R"({"_id":"x"})");
}

TEST_F(SealingTest, RecordsThatWereWrittenAheadAreSealedAnew) {
  world_.die();
  world_.bounds.records = 1;
  world_.start();
  world_.set_sealer(nullptr);
  world_.complete("DSa", kPerson);
  world_.end("DSb", Outcome::archived);
  ASSERT_TRUE(world_.try_round());
  ASSERT_THAT(world_.names_in("staging"), ::testing::Contains("DSb.json")) << "written ahead";
  world_.set_sealer(sealer_);
  world_.round();
  world_.settle();
  EXPECT_TRUE(is_sealed("archived", "DSb.json"));
}

TEST_F(SealingTest, AReadmittedRecordIsSealed) {
  world_.end("DSa", Outcome::rejected, Reason::invalid_signature);
  world_.round();
  world_.settle();
  world_.readmit("DSa", "DSa.json");
  EXPECT_EQ(world_.readmitted(), Readmitted::readmitted);
  world_.settle();
  EXPECT_THAT(world_.names_in("rejected"), IsEmpty());
  EXPECT_TRUE(is_sealed("results", "DSa.json"));
}

TEST_F(SealingTest, ALackOfMemoryRefusesAReadmissionAndKeepsItsRecord) {
  world_.end("DSa", Outcome::rejected, Reason::invalid_signature);
  world_.round();
  world_.settle();
  sealer_->failure = Error{Errc::shortage, "no memory"};
  world_.readmit("DSa", "DSa.json");
  EXPECT_EQ(world_.readmitted(), Readmitted::no_room);
  EXPECT_THAT(world_.names_in("rejected"), ElementsAre("DSa.json"));
  EXPECT_THAT(world_.names_in("results"), IsEmpty());
}

TEST_F(SealingTest, ARecordDivertedByANameConflictIsSealed) {
  world_.given_file("results", "DSa.json", "not ours");
  world_.complete("DSa", kPerson);
  world_.round();
  EXPECT_TRUE(is_sealed("rejected", "DSa.json"));
  EXPECT_THAT(world_.text_of("rejected", "DSa.json"), Not(HasSubstr("Jane Doe")));
}

}  // namespace
}  // namespace attestrd::test
