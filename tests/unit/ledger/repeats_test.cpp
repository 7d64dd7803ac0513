#include "ledger/repeats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kPerson = R"({"FS1":{"input":{},"output":{"name":"A"}}})";
constexpr std::string_view kOther = R"({"FS1":{"input":{},"output":{"name":"B"}}})";
constexpr std::string_view kSkipped = R"({"FS1":{"input":{"threshold":0.8},"output":{}}})";

std::string answer_with(std::string_view result) {
  return fmt::format(R"({{"_id":"DSa","consumed":true,"result":{}}})", result);
}

TEST(HasOutput, OfAnyStage) {
  for (const auto* const result :
       {R"({"FS1":{"input":{},"output":{"name":"A"}}})", R"({"FS1":{"output":[0]}})",
        R"({"FS1":{"output":"A"}})", R"({"FS1":{"output":0}})", R"({"FS1":{"output":false}})",
        R"({"FS1":{"output":{"name":null}}})", R"({"FS1":{"output":[[]]}})",
        R"({"FS1":{"output":null},"FS2":{"input":{"a":1},"output":{"b":2}}})",
        R"({"FS1":{"\u006futput":{"name":"A"}}})", R"({"output":{"name":"A"}})",
        R"({"FS1":[{"output":{}},{"output":{"name":"A"}}]})",
        R"({"FS1":{"state":{"output":{"name":"A"}}}})",
        R"({"FS1":{"input":{},"output":{"output":{"a":[]}}}})"})
    EXPECT_TRUE(has_output(answer_with(result))) << result;
}

TEST(HasOutput, NotIfEachIsAbsentOrEmpty) {
  for (const auto* const result :
       {R"({})", R"({"FS1":{}})", R"({"FS1":{"input":{"a":1}}})", R"({"FS1":{"output":null}})",
        R"({"FS1":{"output":{ }}})", R"({"FS1":{"output":[]}})", R"({"FS1":{"output":""}})",
        R"({"FS1":{"input":{},"output":{}},"FS2":{"input":null,"output":null}})",
        R"({"FS1":null,"FS2":"output","FS3":["output"]})",
        R"({"FS1":{"input":{"output":{"format":"pdf"}},"output":{}}})", R"({"FS1":{"Output":1}})"})
    EXPECT_FALSE(has_output(answer_with(result))) << result;
  EXPECT_FALSE(has_output(R"({"_id":"DSa","output":{"name":"A"}})")) << "it is not signed";
}

TEST(SignatureIn, IsThePrefixOfAWellFormedSignature) {
  const std::string hex = "000102030405060708090A0b0c0d0e0f" + std::string(32, 'f');
  const auto prefix = signature_in(R"({"resultSignature":")" + hex + "\"}");
  ASSERT_TRUE(prefix);
  for (unsigned i = 0; i < prefix->size(); ++i) EXPECT_EQ((*prefix)[i], i);
  EXPECT_FALSE(signature_in(R"({"resultSignature":")" + hex.substr(2) + "\"}"));
  EXPECT_FALSE(signature_in(R"({"resultSignature":null})"));
  EXPECT_FALSE(signature_in("{}"));
}

TEST(JudgeRepeat, RejectsOnlyARepeatWithAnOutput) {
  const auto judged = [](bool is_repeat, RepeatPolicy policy, std::string_view result) {
    Finish finish{id_of("DSa"), Outcome::completed, Reason::none, 1,  {},
                  {},           SigningForm::raw,   "",           "", answer_with(result)};
    finish.signature.emplace();
    // The decision of an earlier try does not matter.
    judge_repeat(finish, !is_repeat, RepeatPolicy::reject);
    judge_repeat(finish, is_repeat, policy);
    EXPECT_EQ(finish.is_repeat, is_repeat);
    EXPECT_EQ(finish.reason,
              finish.outcome == Outcome::completed ? Reason::none : Reason::replayed);
    return finish.outcome;
  };
  EXPECT_EQ(judged(true, RepeatPolicy::reject, kPerson), Outcome::rejected);
  EXPECT_EQ(judged(true, RepeatPolicy::reject, kSkipped), Outcome::completed);
  EXPECT_EQ(judged(true, RepeatPolicy::deliver, kPerson), Outcome::completed);
  EXPECT_EQ(judged(false, RepeatPolicy::reject, kPerson), Outcome::completed);
}

/// A fixture with handshakes in the queue, and a running process.
class RepeatsTest : public ::testing::Test, public World {
 protected:
  void given_pending() {
    given_submission("list", "DSa\nDSb\nDSc\nDSd\nDSe\n");
    start();
    take_in();
  }

  void restart() {
    die();
    start();
  }

  void expect_rejected(const std::string& id) {
    const auto record = text_of("rejected", id + ".json");
    EXPECT_THAT(record, HasSubstr(R"("outcome":"rejected","reason":"replayed")"));
    EXPECT_THAT(record, HasSubstr(R"("signature":{"status":"valid","algorithm")"));
    EXPECT_THAT(record, HasSubstr(R"("repeats":true)"));
    EXPECT_EQ(last_logged(Event::handshake_rejected).reason, "replayed");
    const auto& notice = last_logged(Event::signature_repeated);
    EXPECT_EQ(notice.level, Level::error);
    EXPECT_EQ(notice.handshake, id_of(id));
    EXPECT_EQ(notice.file, "rejected/" + id + ".json");
  }

  void expect_marked(const std::string& id) {
    const auto record = text_of("results", id + ".json");
    EXPECT_THAT(record, HasSubstr(R"("outcome":"completed")"));
    EXPECT_THAT(record, HasSubstr(R"("form":"raw"},"repeats":true,"request_id")"));
    const auto& notice = last_logged(Event::signature_repeated);
    EXPECT_EQ(notice.level, Level::warn);
    EXPECT_EQ(notice.handshake, id_of(id));
    EXPECT_EQ(notice.file, "results/" + id + ".json");
  }
};

TEST_F(RepeatsTest, AResultUnderAnotherIdIsRejected) {
  given_pending();
  complete("DSa", kPerson);
  round();
  EXPECT_EQ(logged(Event::signature_repeated), 0U);
  EXPECT_THAT(text_of("results", "DSa.json"), Not(HasSubstr("repeats")));
  complete("DSb", kPerson);
  complete("DSc", kOther);
  round();  // DSa is staged in the queue.
  expect_rejected("DSb");
  settle();
  complete("DSd", kPerson);
  round();  // DSa has a tombstone.
  expect_rejected("DSd");
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json", "DSc.json"));
  settle();
  EXPECT_EQ(rows().ended.at(id_of("DSb")).outcome, Outcome::rejected);
  EXPECT_FALSE(rows().ended.at(id_of("DSb")).signature) << "it stays that of DSa";
  EXPECT_TRUE(rows().ended.at(id_of("DSa")).signature);
}

TEST_F(RepeatsTest, ARepeatIsFoundAfterARestart) {
  given_pending();
  complete("DSa", kPerson);
  round();
  restart();
  complete("DSb", kPerson);
  round();
  expect_rejected("DSb");
}

TEST_F(RepeatsTest, ARepeatWithinOneRoundIsFound) {
  given_pending();
  for (const auto* const id : {"DSa", "DSb", "DSc"}) complete(id, kPerson);
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSb.json", "DSc.json"));
}

TEST_F(RepeatsTest, ARepeatThatIsWrittenAheadIsFound) {
  bounds = {.records = 2, .synced_one_by_one = 1};
  given_pending();
  complete("DSa", kPerson);
  complete("DSb", R"({"FS1":{"output":"second"}})");
  complete("DSc", kPerson);  // A repeat of the round that is being written.
  complete("DSd", kOther);
  complete("DSe", kOther);  // A repeat of a record that was written ahead itself.
  ASSERT_TRUE(try_round());
  EXPECT_THAT(names_in("staging"), ElementsAre(".used", "DSc.json", "DSd.json"));
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json", "DSb.json", "DSd.json"));
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSc.json", "DSe.json"));
  EXPECT_EQ(logged(Event::signature_repeated), 2U);
}

TEST_F(RepeatsTest, ARepeatOfARecordThatWasWrittenAheadIsFound) {
  bounds = {.records = 2, .synced_one_by_one = 1};
  given_pending();
  complete("DSa", R"({"FS1":{"output":"first"}})");
  complete("DSb", R"({"FS1":{"output":"second"}})");
  complete("DSc", kPerson);
  ASSERT_TRUE(try_round());
  complete("DSd", kPerson);
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json", "DSb.json", "DSc.json"));
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSd.json"));
}

TEST_F(RepeatsTest, EqualResultsWithoutAnOutputAreDeliveredAndMarked) {
  given_pending();
  complete("DSa", kSkipped);
  round();
  complete("DSb", kSkipped);
  round();
  expect_marked("DSb");
  EXPECT_THAT(text_of("results", "DSa.json"), Not(HasSubstr("repeats")));
  EXPECT_THAT(names_in("rejected"), IsEmpty());
  EXPECT_EQ(logged(Event::handshake_completed), 2U);
}

TEST_F(RepeatsTest, ThePolicyHoldsAtOnce) {
  bounds.repeats = RepeatPolicy::deliver;
  given_pending();
  complete("DSa", kPerson);
  complete("DSb", kPerson);
  round();
  expect_marked("DSb");
  set_repeats(RepeatPolicy::reject);
  complete("DSc", kPerson);
  round();
  expect_rejected("DSc");
  set_repeats(RepeatPolicy::deliver);
  complete("DSd", kPerson);
  round();
  expect_marked("DSd");
}

TEST_F(RepeatsTest, AHandshakeThatIsPolledAgainRepeatsNobody) {
  given_pending();
  complete("DSa", kPerson);
  arm(Faults::Kind::death, 5);  // Its record is in staging/, and its row is polling still.
  EXPECT_THROW(round(), Death);
  ASSERT_FALSE(rows().open.at(id_of("DSa")).staged);
  disarm();
  request = {};
  restart();
  complete("DSa", kPerson);
  complete("DSa", kPerson);
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
  EXPECT_EQ(logged(Event::signature_repeated), 0U);
}

TEST_F(RepeatsTest, AHandshakeWhoseRecordWasSpoiledRepeatsNobody) {
  given_pending();
  complete("DSa", kPerson);
  arm(Faults::Kind::death, 8);  // Its row is staged.
  EXPECT_THROW(round(), Death);
  ASSERT_TRUE(rows().open.at(id_of("DSa")).staged);
  disarm();
  request = {};
  given_file("staging", "DSa.json", "spoiled");
  restart();
  complete("DSb", kPerson);
  complete("DSa", kPerson);
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
  expect_rejected("DSb");
}

TEST_F(RepeatsTest, ARepeatWhoseRoundIsUndoneIsJudgedAnew) {
  given_pending();
  complete("DSa", kPerson);
  complete("DSb", kPerson);
  fill("staging", true);
  EXPECT_EQ(try_round().error().code, Errc::disk_full);
  set_repeats(RepeatPolicy::deliver);
  fill("staging", false);
  round();
  expect_marked("DSb");
}

TEST_F(RepeatsTest, TheRepeatOfARowThatIsGoneIsItsFirst) {
  given_pending();
  complete("DSa", kPerson);
  given_taken_away("DSa");
  complete("DSb", kPerson);
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSb.json"));
}

TEST_F(RepeatsTest, ARecoveredRepeatIsLogged) {
  given_pending();
  complete("DSa", kPerson);
  round();
  settle();
  complete("DSb", kPerson);
  arm(Faults::Kind::death, 8);  // Its row is staged, and its record is in staging/.
  EXPECT_THROW(round(), Death);
  ASSERT_TRUE(rows().open.at(id_of("DSb")).staged);
  ASSERT_THAT(names_in("rejected"), IsEmpty());
  disarm();
  request = {};
  restart();
  expect_rejected("DSb");
}

}  // namespace
}  // namespace attestrd::test
