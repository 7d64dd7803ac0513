#include "spool/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/limits.h"
#include "json/json_string.h"
#include "unit/crypto/fake_sealer.h"

namespace attestrd {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

const Wall kSubmitted =
    std::chrono::sys_days{std::chrono::November / 23 / 2026} + 20h + 57min + 123ms;

Finish completed() {
  return {*HandshakeId::parse("DSa"),
          Outcome::completed,
          Reason::none,
          7,
          kSubmitted + 1s,
          kSubmitted + 2s,
          SigningForm::raw,
          "c500f555",
          R"(\u0039)",
          R"({"_id":"DSa", "tag":"\u0039","x":1e999})"};
}

Finish failed() {
  return {*HandshakeId::parse("DSa"),
          Outcome::failed,
          Reason::expired,
          9,
          {},
          kSubmitted,
          {},
          "",
          "",
          ""};
}

std::string objection(std::string_view text) {
  const auto record = parse_record(text);
  return record ? "(taken)" : record.error().message;
}

TEST(RecordTest, WritesAllMembersOfACompletedHandshake) {
  EXPECT_EQ(write_record(completed(), "9", kSubmitted),
            R"({"schema":"attestrd.result/1","id":"DSa","outcome":"completed","tag":"\u0039",)"
            R"("submitted_at":"2026-11-23T20:57:00.123Z","finished_at":"2026-11-23T20:57:02.123Z",)"
            R"("last_pending_at":"2026-11-23T20:57:01.123Z","polls":7,)"
            R"("signature":{"status":"valid","algorithm":"HMAC-SHA256","form":"raw"},)"
            R"("request_id":"c500f555","response":{"_id":"DSa", "tag":"\u0039","x":1e999}})"
            "\n");
}

TEST(RecordTest, MarksARepeat) {
  auto finish = completed();
  EXPECT_FALSE(parse_record(write_record(finish, "9", kSubmitted))->is_repeat);
  finish.is_repeat = true;
  const auto record = write_record(finish, "9", kSubmitted);
  EXPECT_THAT(record, HasSubstr(R"("form":"raw"},"repeats":true,"request_id":"c500f555")"));
  EXPECT_TRUE(parse_record(record)->is_repeat);
  std::string edited = record;
  edited.replace(edited.find("true,\"req"), 4, "1   ");
  EXPECT_FALSE(parse_record(edited)->is_repeat);
}

TEST(RecordTest, ARejectedRepeatKeepsItsValidSignature) {
  auto finish = completed();
  finish.outcome = Outcome::rejected;
  finish.reason = Reason::replayed;
  const auto record = write_record(finish, "9", kSubmitted);
  EXPECT_THAT(record, HasSubstr(R"("outcome":"rejected","reason":"replayed","tag":"9")"));
  EXPECT_THAT(record, HasSubstr(R"("signature":{"status":"valid")"));
  EXPECT_EQ(parse_record(record)->form, SigningForm::raw);
}

TEST(RecordTest, OmitsEmptyMembers) {
  EXPECT_EQ(write_record(failed(), "", kSubmitted),
            R"({"schema":"attestrd.result/1","id":"DSa","outcome":"failed","reason":"expired",)"
            R"("submitted_at":"2026-11-23T20:57:00.123Z","finished_at":"2026-11-23T20:57:00.123Z",)"
            R"("polls":9,"signature":{"status":"absent"}})"
            "\n");
}

TEST(RecordTest, CopiesTheUnchangedTagOfTheAnswer) {
  EXPECT_THAT(write_record(completed(), "", kSubmitted), HasSubstr(R"("tag":"\u0039",)"));
}

TEST(RecordTest, ACompletedRecordHasTheTagOfTheAnswerNotTheSubmittedOne) {
  auto finish = completed();
  EXPECT_THAT(write_record(finish, "8", kSubmitted), HasSubstr(R"("tag":"\u0039",)"));
  finish.tag = "";
  EXPECT_THAT(write_record(finish, "8", kSubmitted), HasSubstr(R"("completed","submitted_at")"));
  finish.outcome = Outcome::rejected;
  finish.reason = Reason::tag_mismatch;
  EXPECT_THAT(write_record(finish, "8", kSubmitted), HasSubstr(R"("tag":"8",)"));
}

TEST(RecordTest, EscapesATag) {
  EXPECT_THAT(write_record(failed(), "\"\\\n\x01ä", kSubmitted),
              HasSubstr("\"tag\":\"\\\"\\\\\\u000a\\u0001ä\""));
}

TEST(RecordTest, NamesABadSignature) {
  auto finish = completed();
  finish.outcome = Outcome::rejected;
  finish.reason = Reason::invalid_signature;
  EXPECT_THAT(write_record(finish, "", kSubmitted),
              HasSubstr(R"("signature":{"status":"invalid"})"));
  finish.reason = Reason::wrong_id;
  EXPECT_THAT(write_record(finish, "", kSubmitted),
              HasSubstr(R"("signature":{"status":"absent"})"));
}

TEST(RecordTest, TimesBefore1970KeepTheirMilliseconds) {
  auto finish = failed();
  finish.finished_at = Wall(-1us);
  EXPECT_THAT(write_record(finish, "", kSubmitted), HasSubstr("\"1969-12-31T23:59:59.999Z\""));
}

TEST(RecordTest, ReadsWhatItWrote) {
  const auto text = write_record(completed(), "", kSubmitted);
  const auto record = parse_record(text);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->id.view(), "DSa");
  EXPECT_EQ(record->outcome, Outcome::completed);
  EXPECT_EQ(record->tag, "9");
  EXPECT_EQ(record->form, SigningForm::raw);
  EXPECT_EQ(record->response, completed().response);
}

TEST(RecordTest, ReadsTheDeepestAnswerBack) {
  auto finish = completed();
  const auto nested = [](std::size_t depth) {
    return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + '}';
  };
  finish.response = nested(limits::kJsonDepth);
  const auto text = write_record(finish, "", kSubmitted);
  const auto record = parse_record(text);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->response, finish.response);
  finish.response = nested(limits::kJsonDepth + 1);
  EXPECT_THAT(objection(write_record(finish, "", kSubmitted)), HasSubstr("too deep"));
}

TEST(RecordTest, ReadsARecordWithoutAnswer) {
  const auto text = write_record(failed(), "a \"tag\"", kSubmitted);
  const auto record = parse_record(text);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->tag, "a \"tag\"");
  EXPECT_EQ(record->outcome, Outcome::failed);
  EXPECT_EQ(record->reason, "expired");
  EXPECT_EQ(record->form, std::nullopt);
  EXPECT_EQ(record->response, "");
}

TEST(RecordTest, NamesTheFaultOfAnInvalidRecord) {
  const auto text = write_record(completed(), "", kSubmitted);
  const auto with = [&text](std::string_view old_text, std::string_view new_text) {
    std::string changed = text;
    changed.replace(changed.find(old_text), old_text.size(), new_text);
    return changed;
  };
  EXPECT_THAT(objection(""), HasSubstr("not a record"));
  EXPECT_THAT(objection("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(objection(text.substr(0, text.size() - 3)), HasSubstr("not valid JSON"));
  EXPECT_THAT(objection(with("result/1", "result/2")), HasSubstr("schema"));
  EXPECT_THAT(objection(with("\"DSa\",\"outcome", "\"../a\",\"outcome")), HasSubstr("\"id\""));
  EXPECT_THAT(objection(with("completed", "confirmed")), HasSubstr("outcome"));
  EXPECT_THAT(objection(with("\"form\":\"raw\"", "\"form\":\"any\"")), HasSubstr("form"));
  EXPECT_THAT(objection(with("\"polls\":7", "\"id\":\"DSb\"")), HasSubstr("twice"));
  EXPECT_THAT(objection(with("c500f555", "\xff")), HasSubstr("UTF-8"));
  EXPECT_THAT(objection(with("7,", std::string(limits::kRecordDepth, '['))), HasSubstr("too deep"));
  const auto signature = [](std::string_view member) {
    return R"({"schema":"attestrd.result/1","id":"DSa","outcome":"failed",)" + std::string(member) +
           "}";
  };
  EXPECT_THAT(objection(signature(R"("signature":"valid")")), HasSubstr("\"signature\" is not"));
  EXPECT_THAT(objection(signature(R"("tag":"1")")), HasSubstr("\"signature\" is not"));
  EXPECT_THAT(objection(signature(R"("signature":{"status":1})")), HasSubstr("no \"status\""));
  EXPECT_THAT(objection(signature(R"("signature":{"status":"absent"},"response":1)")),
              HasSubstr("\"response\" is not"));
}

TEST(RecordTest, ReadsTheTimesBack) {
  const auto text = write_record(completed(), "9", kSubmitted);
  const auto record = parse_record(text);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->submitted_at, kSubmitted);
  EXPECT_EQ(record->finished_at, kSubmitted + 2s);
}

TEST(RecordTest, SealsTheAnswerAndNothingElse) {
  const test::FakeSealer sealer;
  const auto plain = write_record(completed(), "9", kSubmitted);
  const auto text = write_record(completed(), "9", kSubmitted, &sealer);
  ASSERT_TRUE(text) << text.error().message;
  const auto before_answer = plain.substr(0, plain.find("\"response\":"));
  EXPECT_TRUE(text->starts_with(before_answer + R"("response":"-----BEGIN CMS-----\n7b225f)"));
  EXPECT_TRUE(text->ends_with(R"(\n-----END CMS-----\n"})"
                              "\n"));
  EXPECT_EQ(text->find("1e999"), text->npos);
  const auto record = parse_record(*text);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->response, "");
  EXPECT_EQ(record->form, SigningForm::raw);
  EXPECT_EQ(record->polls, 7u);
  EXPECT_EQ(*test::FakeUnsealer().unseal(unescape_json_string(record->sealed_response)),
            completed().response);
}

TEST(RecordTest, SealsTheAnswersOfAllOutcomesButRejected) {
  const test::FakeSealer sealer;
  auto finish = completed();
  for (const auto outcome : {Outcome::completed, Outcome::archived, Outcome::failed}) {
    finish.outcome = outcome;
    const auto text = write_record(finish, "", kSubmitted, &sealer);
    EXPECT_NE(parse_record(*text)->sealed_response, "");
  }
  EXPECT_EQ(sealer.sealed, 3u);
  finish.outcome = Outcome::rejected;
  finish.reason = Reason::invalid_signature;
  EXPECT_EQ(*write_record(finish, "", kSubmitted, &sealer), write_record(finish, "", kSubmitted))
      << "a readmission must verify it again";
  EXPECT_EQ(*write_record(failed(), "", kSubmitted, &sealer),
            write_record(failed(), "", kSubmitted))
      << "there is no answer";
  EXPECT_EQ(*write_record(completed(), "", kSubmitted, nullptr),
            write_record(completed(), "", kSubmitted));
  EXPECT_EQ(sealer.sealed, 3u);
}

TEST(RecordTest, NoRecordIsWrittenIfItsAnswerCanNotBeSealed) {
  test::FakeSealer sealer;
  sealer.failure = Error{Errc::shortage, "no memory"};
  const auto text = write_record(completed(), "9", kSubmitted, &sealer);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::shortage);
}

TEST(RecordTest, AStringThatIsNoSealedAnswerIsNoRecord) {
  const auto with = [](std::string_view response) {
    return R"({"schema":"attestrd.result/1","id":"DSa","outcome":"failed",)"
           R"("signature":{"status":"absent"},"response":")" +
           std::string(response) + "\"}";
  };
  const std::string begin = R"(-----BEGIN CMS-----\n)";
  const std::string end = R"(-----END CMS-----\n)";
  const std::string line(64, 'A');
  EXPECT_EQ(objection(with(begin + R"(AA+/=\n)" + end)), "(taken)");
  EXPECT_EQ(objection(with(begin + line + R"(\n)" + line + R"(\nQQ==\n)" + end)), "(taken)");
  const std::initializer_list<std::string> bad = {
      "",
      "text",
      begin,
      end,
      begin + end,
      begin + "AAAA" + end,
      begin + R"(\n)" + end,
      begin + R"(AAAA\n\n)" + end,
      begin + R"(AA AA\n)" + end,
      begin + line + R"(A\n)" + end,
      begin + R"(AAAA\n)",
      R"(AAAA\n)" + end,
      begin + R"(AAAA\n)" + end + begin + R"(AAAA\n)" + end,
      begin + R"(AAAA\\n)" + end,
      begin + R"(AAAA\n-----END CMS-----)",
      " " + begin + R"(AAAA\n)" + end,
      begin + R"(AAAA\u000a)" + end,
      R"(-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n)"};
  for (const auto& text : bad)
    EXPECT_THAT(objection(with(text)), HasSubstr("no sealed answer")) << text;
}

}  // namespace
}  // namespace attestrd
