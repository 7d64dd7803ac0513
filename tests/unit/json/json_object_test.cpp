#include "json/json_object.h"

#include <gtest/gtest.h>

#include <array>
#include <memory_resource>
#include <string>

namespace attestrd {
namespace {

JsonFault fault_of(std::string_view text) { return scan_object(text, {}); }

JsonMember member(std::string_view text, std::string_view name) {
  std::array<JsonMember, 1> members = {{{name}}};
  EXPECT_EQ(scan_object(text, members), JsonFault::none);
  return members.front();
}

/// Returns an object of `count` members whose keys differ in their last eight digits.
std::string wide_object(int count, const std::string& prefix) {
  std::string text = "{";
  for (int i = 0; i < count; ++i)
    text += (i == 0 ? "\"" : ",\"") + prefix + std::to_string(10'000'000 + i) + "\":0";
  return text + "}";
}

TEST(JsonObject, ReturnsTheUnchangedTextOfAMember) {
  constexpr std::string_view kText = R"( { "a" : 1.50 , "b":"x\n", "c":[ 1, {"d":2} ] ,
      "e": { "}": "]\"}" , "n":{} }, "f":null,"g":true} )";
  EXPECT_EQ(member(kText, "a").text, "1.50");
  EXPECT_EQ(member(kText, "b").text, R"(x\n)") << "without its quotes";
  EXPECT_EQ(member(kText, "c").text, R"([ 1, {"d":2} ])");
  EXPECT_EQ(member(kText, "e").text, R"({ "}": "]\"}" , "n":{} })");
  EXPECT_EQ(member(kText, "f").text, "null");
  EXPECT_EQ(member(kText, "g").text, "true");
}

TEST(JsonObject, ReturnsTheKindOfAMember) {
  constexpr std::string_view kText = R"({"a":1,"b":"","c":[],"e":{},"f":null,"g":false})";
  EXPECT_EQ(member(kText, "a").kind, JsonKind::number);
  EXPECT_EQ(member(kText, "b").kind, JsonKind::string);
  EXPECT_EQ(member(kText, "c").kind, JsonKind::array);
  EXPECT_EQ(member(kText, "e").kind, JsonKind::object);
  EXPECT_EQ(member(kText, "f").kind, JsonKind::null);
  EXPECT_EQ(member(kText, "g").kind, JsonKind::boolean);
  EXPECT_EQ(member(kText, "h").kind, JsonKind::absent);
}

TEST(JsonObject, FillsInAllWantedMembersInOnePass) {
  std::array<JsonMember, 3> members = {{{"z"}, {"missing"}, {"a"}}};
  ASSERT_EQ(scan_object(R"({"a":1,"b":2,"z":3})", members), JsonFault::none);
  EXPECT_EQ(members[0].text, "3");
  EXPECT_EQ(members[1].kind, JsonKind::absent);
  EXPECT_EQ(members[2].text, "1");
}

TEST(JsonObject, RefusesATwinOfAWantedKeyOfItsOwnAlone) {
  std::array<JsonMember, 1> members = {{{"result"}}};
  EXPECT_EQ(scan_object(R"({"RESULT":1})", members), JsonFault::duplicate_key);
  EXPECT_EQ(scan_object(R"({"result":1,"result\u0000":2})", members), JsonFault::duplicate_key);
  EXPECT_EQ(scan_object(R"({"result":{"RESULT":1},"TAG":[{"Result":1}]})", members),
            JsonFault::none);
  EXPECT_EQ(scan_object(R"({"RESULT":1)", members), JsonFault::syntax);
}

TEST(JsonObject, FindsAKeySpelledWithEscapes) {
  EXPECT_EQ(member(R"({"\u0072esult":{}})", "result").text, "{}");
}

TEST(JsonObject, FindsMembersOfTheOutermostObjectOnly) {
  EXPECT_EQ(member(R"({"x":{"result":1},"y":[{"result":2}]})", "result").kind, JsonKind::absent);
  EXPECT_EQ(member(R"({"x":{"result":1},"result":3})", "result").text, "3");
}

TEST(JsonObject, RefusesOtherValuesThanObjects) {
  for (const auto* text : {"[]", "null", "1", R"("{}")", "true", R"([{"a":1}])"})
    EXPECT_EQ(fault_of(text), JsonFault::not_object) << text;
}

TEST(JsonObject, RefusesInvalidTexts) {
  EXPECT_EQ(fault_of(""), JsonFault::syntax);
  EXPECT_EQ(fault_of("{"), JsonFault::syntax);
  EXPECT_EQ(fault_of(R"({"a":1}x)"), JsonFault::syntax);
  EXPECT_EQ(fault_of("{\"a\":\"\xff\"}"), JsonFault::utf8);
  EXPECT_EQ(fault_of(R"({"a":)" + std::string(100'000, '[')), JsonFault::depth);
}

TEST(JsonObject, DetectsDuplicateKeys) {
  for (const auto* text :
       {R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"({"":1,"":2})", R"({"x":{"a":1,"a":2}})",
        R"({"x":[[{"a":1,"a":2}]]})", R"({"x":{"a":1,"y":{"z":0},"a":2},"b":1})"})
    EXPECT_EQ(fault_of(text), JsonFault::duplicate_key) << text;
}

TEST(JsonObject, DetectsDuplicateKeysHiddenByEscapes) {
  for (const auto* text :
       {R"({"a":1,"\u0061":2})", R"({"\u0061":1,"\u0061":2})", R"({"/":1,"\/":2})",
        R"({"\n":1,"\u000A":2})", R"({"\ud83d\ude00":1,"😀":2})", R"({"\ud800":1,"\uD800":2})"})
    EXPECT_EQ(fault_of(text), JsonFault::duplicate_key) << text;
}

TEST(JsonObject, AcceptsSimilarKeys) {
  for (const auto* text :
       {R"({"a":{"a":{"a":1}}})", R"({"x":{"a":1},"y":{"a":1},"a":1})", R"({"a":1,"A":2})",
        R"({"a":[{"b":1},{"b":1}]})", R"({"a":1,"a\u0000":2,"":3,"\u0000":4})",
        R"({"\ud83d":1,"\ude00":2,"\ud83d\ude00":3})", R"({"12345678":1,"123456789":2})",
        R"({"\\u0061":1,"a":2})"})
    EXPECT_EQ(fault_of(text), JsonFault::none) << text;
}

TEST(JsonObject, ReportsADuplicateKeyOnlyWithoutOtherFaults) {
  EXPECT_EQ(fault_of(R"({"a":1,"a":2)"), JsonFault::syntax);
  EXPECT_EQ(fault_of(R"({"x":{"a":1,"a":2},"y":01})"), JsonFault::syntax);
}

TEST(JsonObject, AcceptsAMillionKeys) {
  const std::string plain = wide_object(1'000'000, "");
  EXPECT_EQ(fault_of(plain), JsonFault::none);
  const std::string twice = plain.substr(0, plain.size() - 1) + ",\"10000007\":1}";
  EXPECT_EQ(fault_of(twice), JsonFault::duplicate_key);
}

TEST(JsonObject, AcceptsManyKeysWithACommonPrefixOrEscapes) {
  EXPECT_EQ(fault_of(wide_object(100'000, "the same beginning of every key ")), JsonFault::none);
  EXPECT_EQ(fault_of(wide_object(100'000, R"(\u0061\n)")), JsonFault::none);
}

TEST(JsonObject, AcceptsObjectsOnEveryLevelUpToTheBound) {
  std::string text;
  for (int i = 0; i < 512; ++i) text += R"({"a":0,"b":)";
  text += "1" + std::string(512, '}');
  EXPECT_EQ(fault_of(text), JsonFault::none);
}

TEST(JsonObject, AllocatesNothingForATypicalAnswer) {
  auto* const usual = std::pmr::set_default_resource(std::pmr::null_memory_resource());
  const JsonFault fault = fault_of(
      R"({"_id":"DS02zfeuv6n4gkq51hvw6","number":"3804-324489-8469","tag":"290846",)"
      R"("requestId":"c500f555-0dd3-4368-b5e3-c039ddb144ee","consumed":false,"archived":null,)"
      R"("result":null,"resultSignature":null})");
  std::pmr::set_default_resource(usual);
  EXPECT_EQ(fault, JsonFault::none);
}

}  // namespace
}  // namespace attestrd
