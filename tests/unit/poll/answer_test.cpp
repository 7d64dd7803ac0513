#include "poll/answer.h"

#include <gtest/gtest.h>

#include <memory_resource>
#include <string>
#include <variant>

#include "crypto/hmac.h"
#include "json/json_string.h"
#include "sample_answer.h"
#include "verify/verifier.h"

namespace attestrd {
namespace {

using namespace std::string_literals;
using Reason = Invalid::Reason;
using Trouble = AccountTrouble::Kind;

const HandshakeId kAsked = *HandshakeId::parse(kSampleId);

Answer answer(unsigned status, std::string_view body, std::string_view content_encoding = "") {
  HttpResponse response;
  response.status = status;
  response.content_encoding = content_encoding;
  response.body = body;
  return read_answer(response, kAsked);
}

/// A 200 for the handshake that was asked, with `members` after its `_id`. It owns the text into
/// which the parsed answer points.
class Ok {
 public:
  explicit Ok(const std::string& members)
      : body_("{\"_id\":\"" + std::string(kSampleId) + "\"," + members + "}"),
        answer_(answer(200, body_)) {}
  Ok(const Ok&) = delete;
  Ok& operator=(const Ok&) = delete;

  const Pending* pending() const { return std::get_if<Pending>(&answer_); }
  const Ended* ended() const { return std::get_if<Ended>(&answer_); }
  bool is_invalid(Reason reason) const {
    const auto* invalid = std::get_if<Invalid>(&answer_);
    return invalid != nullptr && invalid->reason == reason && invalid->status == 200;
  }

 private:
  std::string body_;
  Answer answer_;
};

/// Returns the invalid answer that is read from a 200 with this body.
Invalid invalid(std::string_view body) {
  const Answer given = answer(200, body);
  const auto* found = std::get_if<Invalid>(&given);
  if (found != nullptr) return *found;
  ADD_FAILURE() << "taken for a valid answer: " << body;
  return {};
}

std::string error_body(int code) {
  return R"({"code":)" + std::to_string(code) + R"(,"message":"m","details":null})";
}

bool is_account_trouble(const Answer& given, Trouble kind, unsigned status, int code) {
  const auto* trouble = std::get_if<AccountTrouble>(&given);
  return trouble != nullptr && trouble->kind == kind && trouble->status == status &&
         trouble->code == code;
}

bool is_unknown(const Answer& given, unsigned status, int code) {
  const auto* unknown = std::get_if<Unknown>(&given);
  return unknown != nullptr && unknown->status == status && unknown->code == code;
}

bool is_server_trouble(const Answer& given, unsigned status, int code) {
  const auto* trouble = std::get_if<ServerTrouble>(&given);
  return trouble != nullptr && trouble->status == status && trouble->code == code;
}

bool is_unexpected(const Answer& given, unsigned status, int code) {
  const auto* found = std::get_if<Invalid>(&given);
  return found != nullptr && found->reason == Reason::unexpected_status &&
         found->status == status && found->code == code && !found->looks_forged;
}

// The sample of Attestr's documentation.

TEST(SampleAnswer, IsAnEndedHandshake) {
  const Answer given = answer(200, kSampleAnswer);
  const auto* ended = std::get_if<Ended>(&given);
  ASSERT_NE(ended, nullptr);
  EXPECT_TRUE(ended->consumed);
  EXPECT_FALSE(ended->archived);
  EXPECT_EQ(ended->tag, "290846");
  EXPECT_EQ(ended->request_id, "c500f555-0dd3-4368-b5e3-c039ddb144ee");
  EXPECT_EQ(ended->signature, "28220f548b7ea59b25525da901d026573bccffb3692ec04fa125aeec9f7fbe42");
  EXPECT_TRUE(ended->result.starts_with("{\n"));
  EXPECT_TRUE(ended->result.ends_with("}"));
  EXPECT_NE(ended->result.find("\"FS02zfeuv3tcnkq2mond2\""), std::string_view::npos);
  EXPECT_EQ(ended->result.find("resultSignature"), std::string_view::npos);
}

TEST(SampleAnswer, IsVerifiedInEveryFormOnceItIsSigned) {
  const Answer given = answer(200, kSampleAnswer);
  const std::string_view result = std::get<Ended>(given).result;
  for (const auto form : {SigningForm::raw, SigningForm::compact, SigningForm::stringify}) {
    HmacSha256 hmac{Secret("client secret")};
    write_signing_form(form, result, [&hmac](std::string_view piece) { hmac.update(piece); });
    std::string signature;
    for (const unsigned byte : hmac.finish()) {
      signature += "0123456789abcdef"[byte >> 4];
      signature += "0123456789abcdef"[byte & 0xf];
    }
    Verifier verifier({Secret("another"), Secret("client secret")}, SigningFormPolicy::automatic);
    EXPECT_EQ(verifier.verify(result, signature).has_value(), true) << name_of(form);
    EXPECT_EQ(verifier.verify(result, std::get<Ended>(given).signature), std::nullopt);
  }
}

// Answers with status 200: the states of a handshake.

TEST(Answer, IsPendingUntilItIsConsumed) {
  const Ok ok(
      R"("consumed":false,"tag":"290846","requestId":"c500f555-0dd3-4368-b5e3-c039ddb144ee",)"
      R"("archived":null,"result":null,"resultSignature":null)");
  ASSERT_TRUE(ok.pending());
  EXPECT_EQ(ok.pending()->tag, "290846");
  EXPECT_EQ(ok.pending()->request_id, "c500f555-0dd3-4368-b5e3-c039ddb144ee");
}

TEST(Answer, OfStatus203IsReadLikeOneOf200) {
  const std::string body = "{\"_id\":\"" + std::string(kSampleId) + "\",\"consumed\":false}";
  EXPECT_TRUE(std::holds_alternative<Pending>(answer(203, body)));
  const Answer other = answer(203, R"({"_id":"DS1","consumed":false})");
  ASSERT_TRUE(std::holds_alternative<Invalid>(other));
  EXPECT_EQ(std::get<Invalid>(other).reason, Reason::wrong_id);
  EXPECT_EQ(std::get<Invalid>(other).status, 203U);
}

TEST(Answer, NeedsNothingButIdAndConsumed) {
  const Ok pending(R"("consumed":false)");
  ASSERT_TRUE(pending.pending());
  EXPECT_EQ(pending.pending()->tag, "");
  EXPECT_EQ(pending.pending()->request_id, "");
  const Ok ended(R"("consumed":true)");
  ASSERT_TRUE(ended.ended());
  EXPECT_EQ(ended.ended()->result, "");
}

TEST(Answer, HasEndedWithTheUnchangedTextOfTheResult) {
  const Ok ok(R"("consumed":true,"result" : { "a": "}\"" , "n":1.0 } ,"resultSignature":"00ff")");
  ASSERT_TRUE(ok.ended());
  EXPECT_EQ(ok.ended()->result, R"({ "a": "}\"" , "n":1.0 })");
  EXPECT_EQ(ok.ended()->signature, "00ff");
}

TEST(Answer, AcceptsAnEmptyResult) {
  const Ok ok(R"("consumed":true,"result":{})");
  ASSERT_TRUE(ok.ended());
  EXPECT_EQ(ok.ended()->result, "{}");
}

TEST(Answer, MayBeConsumedWithoutAResultYet) {
  for (const auto* members :
       {R"("consumed":true,"result":null)", R"("consumed":true)",
        R"("consumed":true,"archived":null)", R"("consumed":true,"archived":0)"}) {
    const Ok ok(members);
    ASSERT_TRUE(ok.ended()) << members;
    EXPECT_TRUE(ok.ended()->consumed) << members;
    EXPECT_FALSE(ok.ended()->archived) << members;
    EXPECT_EQ(ok.ended()->result, "") << members;
  }
}

TEST(Answer, IsArchivedFromAnyPositiveTimestamp) {
  for (const auto* timestamp : {"1675397411", "1675397411000", "1.675397411e12", "0.5", "1e999"}) {
    const Ok ok(R"("consumed":true,"result":null,"archived":)"s + timestamp);
    ASSERT_TRUE(ok.ended()) << timestamp;
    EXPECT_TRUE(ok.ended()->archived) << timestamp;
    EXPECT_EQ(ok.ended()->result, "") << timestamp;
  }
}

TEST(Answer, IsNotArchivedAtZeroOrBefore) {
  for (const auto* timestamp : {"0", "-0", "0.0", "0e5", "-1", "-1675397411"})
    EXPECT_TRUE(Ok(R"("consumed":false,"archived":)"s + timestamp).pending()) << timestamp;
}

TEST(Answer, MayBeArchivedWithItsResultStillThere) {
  const Ok ok(R"("consumed":true,"result":{"a":1},"resultSignature":"ab","archived":1675397411)");
  ASSERT_TRUE(ok.ended());
  EXPECT_TRUE(ok.ended()->archived);
  EXPECT_EQ(ok.ended()->result, R"({"a":1})");
}

TEST(Answer, MayBeArchivedWithoutEverBeingConsumed) {
  const Ok ok(R"("consumed":false,"archived":1675397411)");
  ASSERT_TRUE(ok.ended());
  EXPECT_FALSE(ok.ended()->consumed);
  EXPECT_TRUE(ok.ended()->archived);
}

TEST(Answer, IsReadInAnyOrderAndWithOtherMembers) {
  const std::string body = R"( {"new":[{"_id":"x","consumed":true}],"consumed":false,)"
                           R"("number":3804,"_id":"DS02zfeuv6n4gkq51hvw6"} )";
  EXPECT_TRUE(std::holds_alternative<Pending>(answer(200, body)));
}

TEST(Answer, MatchesItsIdHoweverItIsEscaped) {
  EXPECT_TRUE(std::holds_alternative<Pending>(
      answer(200, R"({"_id":"\u0044S02zfeuv6n4gkq51hvw6","consumed":false})")));
}

TEST(Answer, AllocatesNothingForKeysWhilePending) {
  auto* const usual = std::pmr::set_default_resource(std::pmr::null_memory_resource());
  const Ok ok(R"("number":"3804-324489-8469","tag":"290846","requestId":"c500f555",)"
              R"("consumed":false,"archived":null,"result":null,"resultSignature":null)");
  std::pmr::set_default_resource(usual);
  EXPECT_TRUE(ok.pending());
}

// Answers with status 200: the other fields.

TEST(Tag, IsTheUnchangedTextBetweenTheQuotes) {
  const Ok ok(R"("consumed":false,"tag":"caf\u00e9 \"x\"")");
  ASSERT_TRUE(ok.pending());
  EXPECT_EQ(ok.pending()->tag, R"(caf\u00e9 \"x\")");
  EXPECT_EQ(unescape_json_string(ok.pending()->tag), "caf\xc3\xa9 \"x\"");
}

TEST(Tag, MayBeANumber) {
  const Ok ok(R"("consumed":true,"tag":290846)");
  ASSERT_TRUE(ok.ended());
  EXPECT_EQ(ok.ended()->tag, "290846");
}

TEST(Tag, IsNeitherABooleanNorAnArrayNorAnObject) {
  for (const auto* tag : {"true", "[]", "{}"})
    EXPECT_TRUE(Ok(R"("consumed":false,"tag":)"s + tag).is_invalid(Reason::wrong_types)) << tag;
}

TEST(RequestId, IsPassedOnOnlyIfItIsAUuid) {
  const auto request_id = [](const std::string& value) {
    const Ok ok("\"consumed\":false,\"requestId\":" + value);
    return ok.pending() ? std::string(ok.pending()->request_id) : "refused";
  };
  EXPECT_EQ(request_id(R"("c500f555-0dd3-4368-b5e3-c039ddb144ee")"),
            "c500f555-0dd3-4368-b5e3-c039ddb144ee");
  EXPECT_EQ(request_id(R"("C500F555-0DD3-4368-B5E3-C039DDB144EE")"),
            "C500F555-0DD3-4368-B5E3-C039DDB144EE");
  for (const auto* other :
       {R"("c500f555-0dd3")", R"("c500f555-0dd3-4368-b5e3-c039ddb144e")",
        R"("c500f555-0dd3-4368-b5e3-c039ddb144eef")", R"("c500f555-0dd3-4368-b5e3+c039ddb144ee")",
        R"("c500f555-0dd3-4368-b5e3-c039ddb144eg")", R"("c500f5550dd34368b5e3c039ddb144ee")",
        R"("c500f555-0dd3-4368-b5e3-c039ddb144e\u0065")", R"("Y2xpZW50LWtleTpjbGllbnQ=")", R"("")",
        "\"caf\xc3\xa9\"", "null", "17", "{}"})
    EXPECT_EQ(request_id(other), "") << other;
}

// Answers with status 200 that are invalid.

TEST(InvalidAnswer, IsNotOneJsonObject) {
  for (const auto& body :
       {""s, "null"s, "[]"s, "<html>"s, R"({"_id":"DS02zfeuv6n4gkq51hvw6","consumed":false)"s,
        R"({"_id":"DS02zfeuv6n4gkq51hvw6","consumed":false}})"s,
        "{\"_id\":\"DS02zfeuv6n4gkq51hvw6\",\"consumed\":false}\0"s,
        "\xef\xbb\xbf{\"_id\":\"DS02zfeuv6n4gkq51hvw6\",\"consumed\":false}"s,
        "{\"_id\":\"DS02zfeuv6n4gkq51hvw6\",\"consumed\":false,\"tag\":\"\xff\"}"s,
        R"({"_id":"DS02zfeuv6n4gkq51hvw6","consumed":false,"x":)" + std::string(100'000, '[')}) {
    EXPECT_EQ(invalid(body).reason, Reason::not_json) << body.substr(0, 80);
    EXPECT_FALSE(invalid(body).looks_forged) << body.substr(0, 80);
  }
}

TEST(InvalidAnswer, HasADuplicateKeyAndLooksForged) {
  for (const auto* body :
       {R"({"_id":"DS02zfeuv6n4gkq51hvw6","consumed":true,"consumed":false})",
        R"({"_id":"DS02zfeuv6n4gkq51hvw6","_id":"other","consumed":false})",
        R"({"_id":"DS02zfeuv6n4gkq51hvw6","consumed":true,"result":{"s":{"n":1,"\u006e":2}}})",
        R"({"a":1,"a":2})"}) {
    EXPECT_EQ(invalid(body).reason, Reason::duplicate_key) << body;
    EXPECT_TRUE(invalid(body).looks_forged) << body;
  }
}

TEST(InvalidAnswer, HasATwinOfADocumentedKeyAndLooksForged) {
  for (const auto* twin :
       {R"("RESULT")", "\"re\xc5\xbfult\"", R"("re\u017fult")", R"("result\u0000")",
        R"("result\u0000x")", R"("\u0052esult")", R"("_ID")", R"("requestID")", R"("Consumed")",
        R"("resultsignature")", R"("number ")", R"("TAG")"}) {
    const std::string body = R"({"_id":"DS02zfeuv6n4gkq51hvw6","consumed":true,)" +
                             std::string(twin) + R"(:{"a":1},"result":{"a":2}})";
    EXPECT_EQ(invalid(body).reason, Reason::duplicate_key) << body;
    EXPECT_TRUE(invalid(body).looks_forged) << body;
  }
  EXPECT_TRUE(Ok(R"("cons\u0075med":false)").pending()) << "an escape makes no other key";
  EXPECT_TRUE(Ok(R"("consumed":false,"id":1,"results":[{"RESULT":{}}])").pending());
}

TEST(InvalidAnswer, HasTheIdOfAnotherHandshakeAndLooksForged) {
  for (const auto* body : {R"({"_id":"DS02other","consumed":false})", R"({"_id":""})",
                           R"({"_id":"DS02zfeuv6n4gkq51hvw6\u0000","consumed":false})",
                           R"({"_id":"ds02zfeuv6n4gkq51hvw6","consumed":false})"}) {
    EXPECT_EQ(invalid(body).reason, Reason::wrong_id) << body;
    EXPECT_TRUE(invalid(body).looks_forged) << body;
  }
}

TEST(InvalidAnswer, HasNoId) {
  for (const auto* body : {R"({"consumed":false})", R"({"_id":null,"consumed":false})",
                           R"({"_id":17,"consumed":false})", R"({"_id":{},"consumed":false})",
                           R"({"code":4016,"message":"m"})", "{}"}) {
    EXPECT_EQ(invalid(body).reason, Reason::wrong_types) << body;
    EXPECT_FALSE(invalid(body).looks_forged) << body;
  }
}

TEST(InvalidAnswer, HasAFieldOfAnotherType) {
  for (const auto* members :
       {R"("tag":"x")", R"("consumed":null)", R"("consumed":"true")", R"("consumed":1)",
        R"("consumed":true,"archived":false)", R"("consumed":true,"archived":"1675397411")",
        R"("consumed":true,"archived":{})", R"("consumed":true,"result":[])",
        R"("consumed":true,"result":"{}")", R"("consumed":true,"result":false)",
        R"("consumed":true,"result":0)", R"("consumed":true,"resultSignature":1)",
        R"("consumed":true,"resultSignature":{})"})
    EXPECT_TRUE(Ok(members).is_invalid(Reason::wrong_types)) << members;
}

TEST(InvalidAnswer, IsCompressed) {
  const std::string body = R"({"_id":"DS02zfeuv6n4gkq51hvw6","consumed":false})";
  for (const auto* encoding : {"gzip", "br", "identity, gzip", "x", "id-ntity", "id~ntity"}) {
    const Answer given = answer(200, body, encoding);
    ASSERT_TRUE(std::holds_alternative<Invalid>(given)) << encoding;
    EXPECT_EQ(std::get<Invalid>(given).reason, Reason::content_encoding) << encoding;
  }
  for (const auto* encoding : {"", "identity", "Identity"})
    EXPECT_TRUE(std::holds_alternative<Pending>(answer(200, body, encoding))) << encoding;
}

// Answers with an error status.

TEST(ErrorAnswer, IsReadByTheTableOfTheDocuments) {
  EXPECT_TRUE(is_unknown(answer(400, error_body(4001)), 400, 4001));
  EXPECT_TRUE(is_unknown(answer(400, error_body(4002)), 400, 4002));
  const struct {
    unsigned status;
    int code;
    Trouble kind;
  } kTable[] = {
      {400, 40051, Trouble::wrong_version}, {400, 4005, Trouble::low_credits},
      {401, 4016, Trouble::unauthorized},   {403, 4031, Trouble::forbidden},
      {403, 4035, Trouble::forbidden},      {403, 4039, Trouble::forbidden},
      {429, 4291, Trouble::rate_limited},   {429, 4292, Trouble::rate_limited},
      {429, 4293, Trouble::daily_limit},
  };
  for (const auto& [status, code, kind] : kTable)
    EXPECT_TRUE(is_account_trouble(answer(status, error_body(code)), kind, status, code)) << code;
}

TEST(ErrorAnswer, FallsBackOnItsStatus) {
  for (const auto& body : {""s, "<html>"s, error_body(4999)}) {
    const int code = body.starts_with("{") ? 4999 : 0;
    EXPECT_TRUE(is_account_trouble(answer(401, body), Trouble::unauthorized, 401, code));
    EXPECT_TRUE(is_account_trouble(answer(402, body), Trouble::low_credits, 402, code));
    EXPECT_TRUE(is_account_trouble(answer(403, body), Trouble::forbidden, 403, code));
    EXPECT_TRUE(is_account_trouble(answer(429, body), Trouble::rate_limited, 429, code));
    EXPECT_TRUE(is_server_trouble(answer(404, body), 404, code)) << "it is not Attestr's own";
    EXPECT_TRUE(is_server_trouble(answer(503, body), 503, code));
    EXPECT_TRUE(is_unexpected(answer(400, body), 400, code));
    EXPECT_TRUE(is_unexpected(answer(418, body), 418, code));
  }
}

TEST(ErrorAnswer, IsAccountTroubleByItsCodeWithAny4xxStatus) {
  for (const unsigned status : {400U, 401U, 402U, 403U, 404U, 409U, 499U}) {
    const auto says = [status](int code, Trouble kind) {
      return is_account_trouble(answer(status, error_body(code)), kind, status, code);
    };
    EXPECT_TRUE(says(4016, Trouble::unauthorized)) << status;
    EXPECT_TRUE(says(4039, Trouble::forbidden)) << status;
    EXPECT_TRUE(says(4005, Trouble::low_credits)) << status;
    EXPECT_TRUE(says(40051, Trouble::wrong_version)) << status;
    EXPECT_TRUE(says(4292, Trouble::rate_limited)) << status;
    EXPECT_TRUE(says(4293, Trouble::daily_limit)) << status;
  }
}

TEST(ErrorAnswer, IsUnknownOnlyWithAStatusForTheHandshake) {
  for (const unsigned status : {400U, 404U}) {
    EXPECT_TRUE(is_unknown(answer(status, error_body(4001)), status, 4001));
    EXPECT_TRUE(is_unknown(answer(status, error_body(4002)), status, 4002));
  }
  EXPECT_TRUE(is_server_trouble(answer(404, "<html>4002</html>"), 404, 0));
  EXPECT_TRUE(is_account_trouble(answer(401, error_body(4001)), Trouble::unauthorized, 401, 4001));
  EXPECT_TRUE(is_account_trouble(answer(403, error_body(4002)), Trouble::forbidden, 403, 4002));
  EXPECT_TRUE(is_unexpected(answer(409, error_body(4001)), 409, 4001));
}

TEST(ErrorAnswer, IsARateLimitWheneverItIsA429) {
  for (const int code : {4001, 4005, 4016, 40051})
    EXPECT_TRUE(is_account_trouble(answer(429, error_body(code)), Trouble::rate_limited, 429, code))
        << code;
}

TEST(ErrorAnswer, IsServerTroubleWhateverItsCode) {
  for (const unsigned status : {500U, 502U, 503U, 504U, 599U}) {
    EXPECT_TRUE(is_server_trouble(answer(status, error_body(4016)), status, 4016));
    EXPECT_TRUE(is_server_trouble(answer(status, error_body(4001)), status, 4001));
  }
}

TEST(ErrorAnswer, WithAnUnexpectedStatusIsInvalid) {
  for (const unsigned status :
       {0U, 100U, 199U, 201U, 204U, 206U, 299U, 301U, 304U, 399U, 600U, 999U})
    EXPECT_TRUE(is_unexpected(answer(status, error_body(4016)), status, 0)) << status;
}

TEST(ErrorCode, IsReadLeniently) {
  const auto code_in = [](std::string_view body) {
    return std::get<ServerTrouble>(answer(404, body)).code;
  };
  EXPECT_EQ(code_in(R"({"code":4004})"), 4004);
  EXPECT_EQ(code_in(R"({"code":"4004"})"), 4004);
  EXPECT_EQ(code_in(R"({"details":{"code":1},"code":4004})"), 4004);
  for (const auto* body :
       {"", "4004", "[4004]", R"({})", R"({"code":null})", R"({"code":true})", R"({"code":{}})",
        R"({"code":""})", R"({"code":"x4004"})", R"({"code":"4004x"})", R"({"code":4004.5})",
        R"({"code":-4004})", R"({"code":0})", R"({"code":99999999999999999999})",
        R"({"code":"100000"})", R"({"code":1234567890})", R"({"code":4004,"code":4016})",
        R"({"code":4004)"})
    EXPECT_EQ(code_in(body), 0) << body;
}

TEST(Names, AreThoseOfTheLog) {
  EXPECT_EQ(name_of(Trouble::unauthorized), "unauthorized");
  EXPECT_EQ(name_of(Trouble::forbidden), "forbidden");
  EXPECT_EQ(name_of(Trouble::low_credits), "low_credits");
  EXPECT_EQ(name_of(Trouble::wrong_version), "wrong_version");
  EXPECT_EQ(name_of(Trouble::rate_limited), "rate_limited");
  EXPECT_EQ(name_of(Trouble::daily_limit), "daily_limit");
  EXPECT_EQ(name_of(Reason::not_json), "not_json");
  EXPECT_EQ(name_of(Reason::wrong_types), "wrong_types");
  EXPECT_EQ(name_of(Reason::duplicate_key), "duplicate_key");
  EXPECT_EQ(name_of(Reason::wrong_id), "wrong_id");
  EXPECT_EQ(name_of(Reason::unexpected_status), "unexpected_status");
  EXPECT_EQ(name_of(Reason::content_encoding), "content_encoding");
}

}  // namespace
}  // namespace attestrd
