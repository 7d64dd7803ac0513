#include "ledger/record_verdict.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "crypto/hmac.h"
#include "unit/crypto/fake_sealer.h"

namespace attestrd {
namespace {

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

/// A record that is good until a test changes it.
struct Given {
  Finish finish{.id = *HandshakeId::parse("DS1"),
                .outcome = Outcome::completed,
                .reason = Reason::none,
                .polls = 1,
                .last_pending_at = {},
                .finished_at = Wall{},
                .form = SigningForm::raw,
                .request_id = std::string(kRequest),
                .tag = "290846",
                .response = {}};
  std::string signature = signature_of(kResult);
  std::string id = "DS1";
  std::string folder = "results";
  std::string name = "DS1.json";
  bool is_sealed = false;

  std::string text() const {
    Finish written = finish;
    if (written.response.empty())
      written.response = R"({"_id":")" + id + R"(","tag":"290846","requestId":")" +
                         std::string(kRequest) + R"(","consumed":true,"result":)" +
                         std::string(kResult) + R"(,"resultSignature":")" + signature + "\"}";
    const test::FakeSealer sealer;
    return *write_record(written, "290846", Wall{}, is_sealed ? &sealer : nullptr);
  }
  std::string verdict(std::string_view edited = {}) const {
    Verifier verifier({Secret("secret")}, SigningFormPolicy::automatic);
    const std::string own = text();
    const test::FakeUnsealer unsealer;
    const auto found = judge_record(edited.empty() ? own : std::string(edited), {folder, name},
                                    verifier, &unsealer);
    EXPECT_EQ(found.is_good, !found.words.starts_with("INVALID: "));
    return found.words;
  }
  std::string with(std::string_view old_text, std::string_view new_text) const {
    std::string edited = text();
    edited.replace(edited.find(old_text), old_text.size(), new_text);
    return verdict(edited);
  }
};

TEST(RecordVerdict, NamesTheFormOfACompletedRecord) {
  EXPECT_EQ(Given().verdict(), "valid (raw)");
  Given compact;
  compact.finish.form = SigningForm::compact;
  compact.signature = signature_of(R"({"a":1.0})");
  EXPECT_EQ(compact.verdict(), "valid (compact)");
}

TEST(RecordVerdict, OpensASealedRecordAndJudgesItLikeAnyOther) {
  Given given;
  given.is_sealed = true;
  EXPECT_EQ(given.verdict(), "valid (raw)");
  given.signature = signature_of("another");
  EXPECT_EQ(given.verdict(), "INVALID: no client secret gives the signature");
  given.signature = signature_of(kResult);
  EXPECT_EQ(given.with(R"("request_id":"c500)", R"("request_id":"c501)"),
            "INVALID: the request_id is not that of the response");
  given.id = "DS2";
  EXPECT_EQ(given.verdict(), "INVALID: the response is no answer for this id (wrong_id)");
  given.id = "DS1";
  given.folder = "rejected";
  EXPECT_EQ(given.verdict(), "INVALID: in rejected/, though the signature holds (raw)");
  given.folder = "archived";
  EXPECT_EQ(given.verdict(), "INVALID: the outcome is completed, but the folder is archived/");
  given.finish.outcome = Outcome::archived;
  EXPECT_EQ(given.verdict(), "INVALID: the outcome is archived, but the response holds a result");
}

TEST(RecordVerdict, ASealedRecordIsNeverValidWithoutItsKey) {
  Given given;
  given.is_sealed = true;
  Verifier verifier({Secret("secret")}, SigningFormPolicy::automatic);
  const auto locked = judge_record(given.text(), {"results", "DS1.json"}, verifier);
  EXPECT_FALSE(locked.is_good);
  EXPECT_EQ(locked.words,
            "SEALED: its answer is encrypted, so its signature can't be checked without a private "
            "key of a recipient: give one with --unseal");
  test::FakeUnsealer wrong;
  wrong.fits = false;
  const auto other = judge_record(given.text(), {"results", "DS1.json"}, verifier, &wrong);
  EXPECT_FALSE(other.is_good);
  EXPECT_EQ(other.words, "SEALED: this key does not open it");
  const auto misplaced = judge_record(given.text(), {"failed", "DS1.json"}, verifier);
  EXPECT_EQ(misplaced.words, "INVALID: the outcome is completed, but the folder is failed/");
}

TEST(RecordVerdict, NeverCallsARejectedRecordValid) {
  Given rejected;
  rejected.folder = "rejected";
  EXPECT_EQ(rejected.verdict(), "INVALID: in rejected/, though the signature holds (raw)");
  rejected.finish.outcome = Outcome::rejected;
  rejected.finish.reason = Reason::tag_mismatch;
  EXPECT_EQ(rejected.verdict(),
            "INVALID: rejected (tag_mismatch), though the signature holds (raw)");
  rejected.folder = "mine";
  EXPECT_EQ(rejected.verdict(),
            "INVALID: rejected (tag_mismatch), though the signature holds (raw)");
  rejected.folder = "results";
  EXPECT_EQ(rejected.verdict(), "INVALID: the outcome is rejected, but the folder is results/");
  rejected.folder = "rejected";
  rejected.name = "DS1.2.json";
  EXPECT_EQ(rejected.verdict(),
            "INVALID: rejected (tag_mismatch), though the signature holds (raw)");
  rejected.signature = signature_of("another");
  EXPECT_EQ(rejected.verdict(), "INVALID: no client secret gives the signature");
}

TEST(RecordVerdict, CallsAReplayRejectedAndAMarkedRepeatValid) {
  Given replayed;
  replayed.finish.is_repeat = true;
  EXPECT_EQ(replayed.verdict(), "valid (raw)");
  replayed.finish.outcome = Outcome::rejected;
  replayed.finish.reason = Reason::replayed;
  replayed.folder = "rejected";
  EXPECT_EQ(replayed.verdict(), "INVALID: rejected (replayed), though the signature holds (raw)");
  replayed.folder = "mine";
  EXPECT_EQ(replayed.verdict(), "INVALID: rejected (replayed), though the signature holds (raw)");
  EXPECT_EQ(replayed.with(R"("outcome":"rejected")", R"("outcome":"completed")"),
            "INVALID: its reason does not belong to the outcome completed");
  replayed.finish.outcome = Outcome::failed;
  EXPECT_EQ(replayed.verdict(), "INVALID: its reason does not belong to the outcome failed");
}

TEST(RecordVerdict, FindsAnEditedRecord) {
  const Given given;
  EXPECT_EQ(given.with(R"("tag":"290846","submitted)", R"("tag":"290847","submitted)"),
            "INVALID: the tag is not that of the response");
  EXPECT_EQ(given.with(R"("request_id":"c500)", R"("request_id":"c501)"),
            "INVALID: the request_id is not that of the response");
  EXPECT_EQ(given.with(R"("form":"raw")", R"("form":"compact")"),
            "INVALID: the record says form compact, but the signature holds in form raw");
  EXPECT_EQ(given.with(R"("status":"valid")", R"("status":"absent")"),
            "INVALID: the outcome is completed, but the signature is not valid");
  EXPECT_EQ(given.with("completed", "archived"),
            "INVALID: the outcome is archived, but the folder is results/");
  EXPECT_EQ(given.with(R"("completed",)", R"("completed","reason":"tag_mismatch",)"),
            "INVALID: its reason does not belong to the outcome completed");
  EXPECT_EQ(given.with(R"("a":1.0)", R"("a":2.0)"),
            "INVALID: no client secret gives the signature");
  EXPECT_EQ(given.with(R"("consumed":true)", R"("consumed":true,"RESULT":{})"),
            "INVALID: the response is no answer for this id (duplicate_key)");
  EXPECT_EQ(given.with(R"("id":"DS1")", R"("id":"DS2")"),
            "INVALID: the record is of DS2, which the file is not named after");
}

TEST(RecordVerdict, FindsAnOutcomeThatTheResponseContradicts) {
  Given given;
  given.folder = "mine";
  given.finish.outcome = Outcome::failed;
  given.finish.reason = Reason::expired;
  EXPECT_EQ(given.verdict(), "INVALID: the outcome is failed, but the response holds a result");
  given.finish.reason = Reason::wrong_id;
  EXPECT_EQ(given.verdict(), "INVALID: its reason does not belong to the outcome failed");
  given.finish.reason = Reason::expired;
  given.finish.response = R"({"_id":"DS1","consumed":false})";
  EXPECT_EQ(given.verdict(), "nothing to verify (failed)");
  given.folder = "archived";
  EXPECT_EQ(given.verdict(), "INVALID: the outcome is failed, but the folder is archived/");
  given.folder = "results";
  given.finish.outcome = Outcome::completed;
  given.finish.reason = Reason::none;
  EXPECT_EQ(given.verdict(), "INVALID: the response holds no result");
  given.finish.response = "{}";
  EXPECT_EQ(given.verdict(), "INVALID: the response is no answer for this id (wrong_types)");
}

TEST(RecordVerdict, AcceptsANumberedNameInTheFoldersOfOutcomesAlone) {
  constexpr std::string_view kWrongName =
      "INVALID: the record is of DS1, which the file is not named after";
  Given given;
  for (const auto* name : {"DS1.1.json", "DS1.02.json", "DS1.x.json", "DS1..json", "DS12.json",
                           "DS1.json.bak", "DS1.2"}) {
    given.name = name;
    EXPECT_EQ(given.verdict(), kWrongName) << name;
  }
  given.name = "DS1.2.json";
  EXPECT_EQ(given.verdict(), "valid (raw)") << "beside the record of an earlier attempt";
  for (const auto* folder : {"staging", "mine"}) {
    given.folder = folder;
    EXPECT_EQ(given.verdict(), kWrongName) << folder;
  }
  given.folder = "rejected";
  given.name = "DS1.1.json";
  EXPECT_EQ(given.verdict(), kWrongName);
  given.name = "DS1.23.json";
  EXPECT_EQ(given.verdict(), "INVALID: in rejected/, though the signature holds (raw)");
}

}  // namespace
}  // namespace attestrd
