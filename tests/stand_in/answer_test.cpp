#include "answer.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace attestrd::simulator {
namespace {

namespace json = boost::json;

const Dice kDice(1, "DS02zfeuv6n4gkq51hvw6");

AnswerStyle style() {
  AnswerStyle style;
  style.secret = "the secret";
  return style;
}

HandshakeView view(Standing standing) {
  return {.id = "DS02zfeuv6n4gkq51hvw6", .tag = "290846", .standing = standing};
}

json::object parse(const std::string& body) { return json::parse(body).as_object(); }

/// Returns the text of `result` in the body, found by the keys around it.
std::string raw_result(const std::string& body, const std::string& before,
                       const std::string& after) {
  const auto begin = body.find(before) + before.size();
  return body.substr(begin, body.find(after, begin) - begin);
}

std::string signature_in(const std::string& body) {
  return std::string(parse(body).at("resultSignature").as_string());
}

TEST(Answer, PendingHasNoResult) {
  const json::object answer = parse(answer_body(view(Standing::pending), kDice, style()));
  EXPECT_EQ(answer.at("_id"), "DS02zfeuv6n4gkq51hvw6");
  EXPECT_EQ(answer.at("tag"), "290846");
  EXPECT_EQ(answer.at("number").as_string().size(), std::string("3804-324489-8469").size());
  EXPECT_EQ(answer.at("consumed"), false);
  EXPECT_TRUE(answer.at("result").is_null());
  EXPECT_TRUE(answer.at("resultSignature").is_null());
}

TEST(Answer, CompletedIsSignedOverItsRawText) {
  const std::string body = answer_body(view(Standing::completed), kDice, style());
  EXPECT_TRUE(parse(body).at("consumed").as_bool());
  const std::string raw = raw_result(body, "\"result\":", ",\"resultSignature\"");
  EXPECT_EQ(signature_in(body), hmac_sha256_hex("the secret", raw));
}

TEST(Answer, CompletedPrettyIsSignedOverItsIndentedText) {
  AnswerStyle pretty = style();
  pretty.layout = Layout::pretty;
  const std::string body = answer_body(view(Standing::completed), kDice, pretty);
  const std::string raw = raw_result(body, "\"result\": ", ",\n  \"resultSignature\"");
  EXPECT_NE(raw.find("\n    \"FS02"), std::string::npos);
  EXPECT_EQ(signature_in(body), hmac_sha256_hex("the secret", raw));
}

TEST(Answer, SigningFormsDiffer) {
  std::set<std::string> signatures;
  for (const SigningForm form : {SigningForm::raw, SigningForm::compact, SigningForm::stringify}) {
    AnswerStyle pretty = style();
    pretty.layout = Layout::pretty;
    pretty.form = form;
    signatures.insert(signature_in(answer_body(view(Standing::completed), kDice, pretty)));
  }
  EXPECT_EQ(signatures.size(), 3U);
}

TEST(Answer, ForgedAndBadSignaturesAreInvalid) {
  const std::string good = signature_in(answer_body(view(Standing::completed), kDice, style()));
  HandshakeView forged = view(Standing::completed);
  forged.forged = true;
  EXPECT_NE(signature_in(answer_body(forged, kDice, style())), good);
  EXPECT_NE(
      signature_in(answer_body(view(Standing::completed), kDice, style(), Fault::bad_signature)),
      good);
}

TEST(Answer, ArchivedHasATimeStampAndNoResult) {
  HandshakeView archived = view(Standing::archived);
  archived.archived_unix_ms = 1675397411000;
  AnswerStyle in_seconds = style();
  EXPECT_EQ(parse(answer_body(archived, kDice, in_seconds)).at("archived"), 1675397411000);
  in_seconds.archived_in_seconds = true;
  const json::object answer = parse(answer_body(archived, kDice, in_seconds));
  EXPECT_EQ(answer.at("archived"), 1675397411);
  EXPECT_TRUE(answer.at("consumed").as_bool());
  EXPECT_TRUE(answer.at("result").is_null());
}

TEST(Answer, EachHasItsOwnRequestId) {
  HandshakeView second = view(Standing::pending);
  second.turn = 1;
  EXPECT_NE(parse(answer_body(view(Standing::pending), kDice, style())).at("requestId"),
            parse(answer_body(second, kDice, style())).at("requestId"));
}

TEST(Answer, ResultHasApproximatelyTheRequestedSize) {
  for (const std::size_t bytes : {8'000U, 100'000U, 1'000'000U}) {
    AnswerStyle sized = style();
    sized.result_bytes = bytes;
    const std::string body = answer_body(view(Standing::completed), kDice, sized);
    EXPECT_NEAR(static_cast<double>(body.size()), static_cast<double>(bytes), 400);
  }
}

TEST(Answer, EachFaultChangesItsPartOfTheAnswer) {
  const std::string wrong = answer_body(view(Standing::pending), kDice, style(), Fault::wrong_id);
  EXPECT_NE(parse(wrong).at("_id"), "DS02zfeuv6n4gkq51hvw6");
  const std::string twice =
      answer_body(view(Standing::pending), kDice, style(), Fault::duplicate_keys);
  EXPECT_NE(twice.find("\"consumed\":true"), std::string::npos);
  EXPECT_NE(twice.find("\"consumed\":false"), std::string::npos);
  HandshakeView garbled = view(Standing::completed);
  for (garbled.turn = 0; garbled.turn < 3; ++garbled.turn) {
    boost::json::error_code error;
    json::parse(answer_body(garbled, kDice, style(), Fault::garbage), error);
    EXPECT_TRUE(error) << garbled.turn;
  }
}

TEST(Answer, ErrorsHaveCodeMessageAndOptionalDetails) {
  EXPECT_EQ(error_body(kNotFound), R"({"code":4002,"message":"Requested entity does not exist"})");
  EXPECT_EQ(parse(error_body(kNotFound, "x\"y")).at("details"), "x\"y");
}

}  // namespace
}  // namespace attestrd::simulator
