#include "verify/signing_method.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "crypto/hmac.h"

namespace attestrd {
namespace {

constexpr std::string_view kResult = R"({ "b":"a\/é", "a":1.0 })";
constexpr std::string_view kSecret = "6b6579";  // "key" in hex; also base64.

std::string signature_of(std::string_view text, const std::string& key) {
  HmacSha256 hmac{Secret(key)};
  hmac.update(text);
  std::string hex;
  for (const unsigned char byte : hmac.finish()) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 0xf];
  }
  return hex;
}

std::vector<std::string> methods(std::string_view signature,
                                 std::string_view answer = R"({"other":1})") {
  std::vector<std::string> found;
  for (const auto& method : find_signing_methods(answer, kResult, signature,
                                                 {Secret("another"), Secret(std::string(kSecret))}))
    found.push_back(std::string(method.text) + "|" + method.writer + "|" +
                    std::to_string(method.secret) + "|" + std::string(method.key));
  return found;
}

bool has(const std::vector<std::string>& found, std::string_view method) {
  return std::ranges::find(found, method) != found.end();
}

TEST(SigningMethod, NamesTheWriterAndTheKey) {
  const std::string text(kSecret);
  EXPECT_EQ(methods(signature_of(kResult, text)),
            std::vector<std::string>{"the result|raw|2|as text"});
  EXPECT_TRUE(
      has(methods(signature_of(R"({"b":"a\/é","a":1.0})", text)), "the result|compact|2|as text"));
  EXPECT_TRUE(
      has(methods(signature_of(R"({"b":"a/é","a":1})", text)), "the result|stringify|2|as text"));
  EXPECT_EQ(methods(signature_of(R"({"b": "a/\u00e9", "a": 1.0})", text)),
            std::vector<std::string>{"the result|Python json.dumps|2|as text"});
  EXPECT_EQ(methods(signature_of(R"({"a":1,"b":"a\/\u00e9"})", text)),
            std::vector<std::string>{"the result|PHP json_encode, keys sorted|2|as text"});
}

TEST(SigningMethod, TriesTheDecodedSecret) {
  EXPECT_EQ(methods(signature_of(kResult, "key")),
            std::vector<std::string>{"the result|raw|2|decoded from hex"});
  EXPECT_EQ(methods(signature_of(kResult, "\xe9\xbe\xb9\xef")),
            std::vector<std::string>{"the result|raw|2|decoded from base64"});
  EXPECT_TRUE(methods(signature_of(kResult, "unknown")).empty());
  EXPECT_TRUE(methods("").empty());
}

TEST(SigningMethod, TriesTheAnswerWithoutItsSignature) {
  const std::string text(kSecret);
  const auto signed_as = [&text](std::string_view whole, std::string_view without) {
    return has(methods(signature_of(without, text), whole),
               "the answer without its signature|raw|2|as text");
  };
  EXPECT_TRUE(
      signed_as(R"({"_id":"a","resultSignature":"x","n":[1,{}]})", R"({"_id":"a","n":[1,{}]})"));
  EXPECT_TRUE(signed_as(R"({"r":{"q":1}, "resultSignature" : "x" })", R"({"r":{"q":1} })"));
  EXPECT_TRUE(signed_as(R"({ "resultSignature":"x" , "n":{"resultSignature":1}})",
                        R"({ "n":{"resultSignature":1}})"));
  EXPECT_TRUE(signed_as(R"({"resultSignature":"x"})", "{}"));
  EXPECT_TRUE(signed_as(R"({"a":1})", R"({"a":1})"));
}

}  // namespace
}  // namespace attestrd
