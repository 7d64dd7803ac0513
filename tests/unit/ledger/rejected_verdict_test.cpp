#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "crypto/hmac.h"
#include "ledger/record_verdict.h"
#include "spool/record.h"
#include "unit/crypto/fake_sealer.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kResult = R"({ "a":1.0 })";
constexpr std::string_view kRequest = "c500f555-0dd3-4368-b5e3-c039ddb144ee";

std::string signature_of(std::string_view text) {
  HmacSha256 hmac{Secret("secret")};
  hmac.update(text);
  std::string hex;
  for (const unsigned char byte : hmac.finish()) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 0xf];
  }
  return hex;
}

/// A record that was rejected while the client secret was wrong, until a test changes it.
class ReadmissionTest : public testing::Test {
 protected:
  std::string response() const {
    return R"({"_id":")" + id_ + R"(","tag":"290846","requestId":")" + std::string(kRequest) +
           R"(","consumed":true,"result":)" + std::string(kResult) + R"(,"resultSignature":")" +
           signature_ + "\"}";
  }

  std::string text() const {
    Finish written = finish_;
    if (written.response.empty()) written.response = response();
    return write_record(written, tag_, Wall(1h));
  }

  std::variant<Readmission, Readmitted> judge(const std::string& text) {
    return judge_rejected(text, file_, verifier_, rules_);
  }

  /// Returns why the record is refused; `readmitted` if it is not.
  Readmitted answer(const std::string& text) {
    const auto judged = judge(text);
    const auto* const refused = std::get_if<Readmitted>(&judged);
    return refused != nullptr ? *refused : Readmitted::readmitted;
  }
  Readmitted answer() { return answer(text()); }

  Readmitted answer_with(std::string_view old_text, std::string_view new_text) {
    std::string edited = text();
    edited.replace(edited.find(old_text), old_text.size(), new_text);
    return answer(edited);
  }

  Finish finish_{.id = *HandshakeId::parse("DS1"),
                 .outcome = Outcome::rejected,
                 .reason = Reason::invalid_signature,
                 .polls = 9,
                 .last_pending_at = Wall(2h),
                 .finished_at = Wall(3h),
                 .form = {},
                 .request_id = std::string(kRequest),
                 .tag = "290846",
                 .response = {}};
  std::string id_ = "DS1";
  std::string tag_ = "290846";
  std::string signature_ = signature_of(kResult);
  std::string file_ = "DS1.json";
  Verifier verifier_{{Secret("another"), Secret("secret")}, SigningFormPolicy::automatic};
  ReadmissionRules rules_{{}, true, Wall(4h)};
};

TEST_F(ReadmissionTest, ARecordThatHoldsBecomesACompletedOne) {
  file_ = "DS1.2.json";
  const auto judged = judge(text());
  ASSERT_TRUE(std::holds_alternative<Readmission>(judged));
  const auto& readmission = std::get<Readmission>(judged);
  EXPECT_EQ(readmission.file, "DS1.2.json");
  EXPECT_EQ(readmission.tag, "290846");
  EXPECT_EQ(write_record(readmission.finish, "", readmission.submitted_at),
            R"({"schema":"attestrd.result/1","id":"DS1","outcome":"completed","tag":"290846",)"
            R"("submitted_at":"1970-01-01T01:00:00.000Z","finished_at":"1970-01-01T04:00:00.000Z",)"
            R"("last_pending_at":"1970-01-01T02:00:00.000Z","polls":9,"signature":)"
            R"({"status":"valid","algorithm":"HMAC-SHA256","form":"raw"},"request_id":")" +
                std::string(kRequest) + R"(","response":)" + response() + "}\n");
}

TEST_F(ReadmissionTest, ASealedRecordIsRefusedAsSuch) {
  const test::FakeSealer sealer;
  Finish diverted = finish_;
  diverted.outcome = Outcome::completed;
  diverted.reason = Reason::none;
  diverted.response = response();
  EXPECT_EQ(answer(*write_record(diverted, tag_, Wall(1h), &sealer)), Readmitted::sealed);
  EXPECT_EQ(answer(write_record(diverted, tag_, Wall(1h))), Readmitted::not_rejected);
}

TEST_F(ReadmissionTest, TheSecretsOfTodayDecide) {
  signature_ = signature_of("another text");
  EXPECT_EQ(answer(), Readmitted::invalid_signature);
  signature_ = signature_of(kResult);
  EXPECT_EQ(answer(), Readmitted::readmitted);
  verifier_ = Verifier({Secret("third")}, SigningFormPolicy::automatic);
  EXPECT_EQ(answer(), Readmitted::invalid_signature);
}

TEST_F(ReadmissionTest, TheFormMayNotBecomeStringify) {
  signature_ = signature_of(R"({"a":1})");
  EXPECT_EQ(answer(), Readmitted::readmitted) << "no form is usual yet";
  rules_.usual_form = SigningForm::raw;
  EXPECT_EQ(answer(), Readmitted::unusual_form);
  rules_.usual_form = SigningForm::stringify;
  EXPECT_EQ(answer(), Readmitted::readmitted);
  signature_ = signature_of(kResult);
  EXPECT_EQ(answer(), Readmitted::readmitted);
  verifier_ = Verifier({Secret("secret")}, SigningFormPolicy::compact);
  EXPECT_EQ(answer(), Readmitted::invalid_signature);
}

TEST_F(ReadmissionTest, TheReasonIsRespectedAndNeverBelieved) {
  const std::pair<Reason, Readmitted> reasons[] = {
      {Reason::tag_mismatch, Readmitted::tag_mismatch},
      {Reason::wrong_id, Readmitted::wrong_id},
      {Reason::duplicate_key, Readmitted::duplicate_key},
      {Reason::expired, Readmitted::no_record}};
  for (const auto& [reason, refused] : reasons) {
    finish_.reason = reason;
    EXPECT_EQ(answer(), refused);
  }
  finish_.reason = Reason::none;
  EXPECT_EQ(answer(), Readmitted::readmitted);
  finish_.reason = Reason::invalid_signature;
  id_ = "DS2";
  EXPECT_EQ(answer(), Readmitted::wrong_id);
  id_ = "DS1";
  tag_ = "290847";
  EXPECT_EQ(answer(), Readmitted::tag_mismatch);
  tag_ = "";
  EXPECT_EQ(answer(), Readmitted::readmitted) << "then the record has the tag of the answer";
  EXPECT_EQ(answer_with(R"("consumed":true)", R"("consumed":true,"consumed":true)"),
            Readmitted::duplicate_key);
  EXPECT_EQ(answer_with(R"("consumed":true)", R"("consumed":true,"RESULT":{})"),
            Readmitted::duplicate_key);
}

TEST_F(ReadmissionTest, AnEditedRecordIsRefused) {
  EXPECT_EQ(answer_with(R"("a":1.0)", R"("a":2.0)"), Readmitted::invalid_signature);
  EXPECT_EQ(answer_with(R"("tag":"290846",)", R"("tag":"290847",)"), Readmitted::tag_mismatch);
  EXPECT_EQ(answer_with(R"("id":"DS1")", R"("id":"DS2")"), Readmitted::no_record);
  EXPECT_EQ(answer_with(R"("rejected")", R"("completed")"), Readmitted::not_rejected);
  EXPECT_EQ(answer_with("invalid_signature", "no_reason"), Readmitted::no_record);
  EXPECT_EQ(answer_with("1970-01-01T01", "1970-13-01T01"), Readmitted::no_record);
  EXPECT_EQ(answer("{}"), Readmitted::no_record);
  EXPECT_EQ(answer(""), Readmitted::no_record);
  EXPECT_EQ(answer(text().substr(1)), Readmitted::no_record);
}

TEST_F(ReadmissionTest, ANameThatIsNotItsOwnIsRefused) {
  for (const auto* const name : {"DS2.json", "DS1.1.json", "DS1.json.bak", "DS1"}) {
    file_ = name;
    EXPECT_EQ(answer(), Readmitted::no_record) << name;
  }
}

TEST_F(ReadmissionTest, WithoutAResultThereIsNothingToPublish) {
  finish_.response = R"({"_id":"DS1","consumed":false})";
  EXPECT_EQ(answer(), Readmitted::no_result);
  finish_.response = R"({"_id":"DS1","consumed":true,"result":null,"archived":1})";
  EXPECT_EQ(answer(), Readmitted::no_result);
  finish_.response = R"({"_id":7})";
  EXPECT_EQ(answer(), Readmitted::no_result);
}

TEST_F(ReadmissionTest, AReplayedResultMustBeNamed) {
  finish_.reason = Reason::replayed;
  EXPECT_EQ(answer(), Readmitted::readmitted);
  rules_.takes_replayed = false;
  EXPECT_EQ(answer(), Readmitted::replayed);
}

TEST_F(ReadmissionTest, ARecordOfAnotherReasonIsNotNamedAsAReplay) {
  EXPECT_FALSE(std::get<Readmission>(judge(text())).takes_replayed) << "a pattern may name it";
  finish_.reason = Reason::replayed;
  EXPECT_TRUE(std::get<Readmission>(judge(text())).takes_replayed);
}

}  // namespace
}  // namespace attestrd
