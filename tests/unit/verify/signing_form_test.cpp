#include "verify/signing_form.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

std::string written(SigningForm form, std::string_view json) {
  std::string text;
  write_signing_form(form, json, [&text](std::string_view piece) { text += piece; });
  return text;
}

std::string compact(std::string_view json) { return written(SigningForm::compact, json); }

std::string stringify(std::string_view json) { return written(SigningForm::stringify, json); }

TEST(SigningForm, HasTheNameUsedInSettingsAndRecords) {
  EXPECT_EQ(name_of(SigningForm::raw), "raw");
  EXPECT_EQ(name_of(SigningForm::compact), "compact");
  EXPECT_EQ(name_of(SigningForm::stringify), "stringify");
}

TEST(RawForm, IsTheTextItself) {
  EXPECT_EQ(written(SigningForm::raw, "{ \"b\" : 1.0 }"), "{ \"b\" : 1.0 }");
}

TEST(CompactForm, OmitsWhiteSpaceBetweenTokensOnly) {
  EXPECT_EQ(compact("{\r\n\t\"b\" : [ 1.0 , \"a b\\t\" ] , \"a\":{ } }\n"),
            R"({"b":[1.0,"a b\t"],"a":{}})");
}

TEST(CompactForm, FindsTheEndOfAString) {
  EXPECT_EQ(compact(R"([ "\"  \\" , "\\\" x" , "\u0022 " ])"), R"(["\"  \\","\\\" x","\u0022 "])");
}

TEST(CompactForm, ChangesNoSpelling) {
  EXPECT_EQ(compact(R"({"2":"\u0061\/","1":-0.0e5})"), R"({"2":"\u0061\/","1":-0.0e5})");
}

struct Spelling {
  const char* json;
  const char* stringified;
};

// Expected texts: the output of Node 20 for JSON.stringify(JSON.parse(json)).
constexpr Spelling kSpellings[] = {
    {R"j(null)j", R"j(null)j"},
    {R"j(true)j", R"j(true)j"},
    {R"j(false)j", R"j(false)j"},
    {R"j( [ ] )j", R"j([])j"},
    {R"j({ })j", R"j({})j"},
    {R"j("")j", R"j("")j"},
    {R"j({"a":[{},{"b":[]}],"c":{}})j", R"j({"a":[{},{"b":[]}],"c":{}})j"},
    {R"j("\"\\\/\b\f\n\r\t")j", R"j("\"\\/\b\f\n\r\t")j"},
    {R"j("\u0008\u0009\u000a\u000C\u000d")j", R"j("\b\t\n\f\r")j"},
    {R"j("\u0022\u005C\u002f")j", R"j("\"\\/")j"},
    {R"j("\u0000\u0001\u000b\u001F")j", R"j("\u0000\u0001\u000b\u001f")j"},
    {R"j("\u0041\u00e9\u20AC")j", R"j("Aé€")j"},
    {R"j("\uD83D\uDE00 \ud83d\ude00")j", R"j("😀 😀")j"},
    {R"j("\uD83D")j", R"j("\ud83d")j"},
    {R"j("\uDE00")j", R"j("\ude00")j"},
    {R"j("\uDE00\uD83D")j", R"j("\ude00\ud83d")j"},
    {R"j("\uD83D\uD83D\uDE00")j", R"j("\ud83d😀")j"},
    {R"j("\uD83Dx")j", R"j("\ud83dx")j"},
    {R"j("\uD83D\n")j", R"j("\ud83d\n")j"},
    {R"j("\uD83D\u0041")j", R"j("\ud83dA")j"},
    {R"j("a/b\/c")j", R"j("a/b/c")j"},
    {R"j({"b":1,"a":2})j", R"j({"b":1,"a":2})j"},
    {R"j({"2":"b","1":"a"})j", R"j({"1":"a","2":"b"})j"},
    {R"j({"x":0,"10":1,"9":2,"y":3,"0":4})j", R"j({"0":4,"9":2,"10":1,"x":0,"y":3})j"},
    {R"j({"1":1,"2":2,"z":3})j", R"j({"1":1,"2":2,"z":3})j"},
    {R"j({"z":3,"1":1})j", R"j({"1":1,"z":3})j"},
    {R"j({"01":1,"1":2,"-1":3,"1.0":4,"1e0":5," 1":6,"":7,"0":8})j",
     R"j({"0":8,"1":2,"01":1,"-1":3,"1.0":4,"1e0":5," 1":6,"":7})j"},
    {R"j({"4294967296":1,"4294967295":2,"4294967294":3,"99999999999":4,"5":5})j",
     R"j({"5":5,"4294967294":3,"4294967296":1,"4294967295":2,"99999999999":4})j"},
    {R"j({"0000000000000000000000000000000000000000000000000000000000000":0,"2":1,"1":2})j",
     R"j({"1":2,"2":1,"0000000000000000000000000000000000000000000000000000000000000":0})j"},
    {R"j({"\u0032":"b","\u0031":"a"})j", R"j({"1":"a","2":"b"})j"},
    {R"j({"a":{"2":{"y":[],"1":{"q":1,"0":2}},"1":0},"0":{"k":1,"3":{}}})j",
     R"j({"0":{"3":{},"k":1},"a":{"1":0,"2":{"1":{"0":2,"q":1},"y":[]}}})j"},
    {R"j([{"b":0,"1":1},{"b":0,"1":1}])j", R"j([{"1":1,"b":0},{"1":1,"b":0}])j"},
    {R"j({"x":[{"1":{},"0":[]}],"7":{"b":{},"3":{"a":1,"2":[{"c":1,"1":2}]}}})j",
     R"j({"7":{"3":{"2":[{"1":2,"c":1}],"a":1},"b":{}},"x":[{"0":[],"1":{}}]})j"},
    {R"j({"__proto__":1,"constructor":2,"toString":{"__proto__":null}})j",
     R"j({"__proto__":1,"constructor":2,"toString":{"__proto__":null}})j"},
    {R"j({ "n" : [ -0 , 1e400 , 12345678901234567890 ] })j",
     R"j({"n":[0,null,12345678901234567000]})j"},
};

TEST(StringifyForm, MatchesJsonStringifyOfNode) {
  for (const auto& spelling : kSpellings)
    EXPECT_EQ(stringify(spelling.json), spelling.stringified) << spelling.json;
}

TEST(StringifyForm, IgnoresWhiteSpace) {
  EXPECT_EQ(stringify("\n[1 , 2.0,\t3e0\r\n] "), "[1,2,3]");
}

TEST(StringifyForm, EscapesOnlyWhatJsonStringifyEscapes) {
  EXPECT_EQ(stringify(R"("\u007f\u0080\u2028\u2029\ufeff\uffff")"),
            "\"\x7f\xc2\x80\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf\xef\xbf\xbf\"");
  EXPECT_EQ(stringify("\"\x7f\xe2\x80\xa8\xf0\x9f\x98\x80\""),
            "\"\x7f\xe2\x80\xa8\xf0\x9f\x98\x80\"");
}

TEST(StringifyForm, IsIdempotent) {
  for (const auto& spelling : kSpellings)
    EXPECT_EQ(stringify(spelling.stringified), spelling.stringified);
}

TEST(StringifyForm, SortsAMillionIndices) {
  std::string backwards = "{";
  std::string forwards = "{";
  for (int i = 0; i < 1'000'000; ++i) {
    backwards += (i == 0 ? "\"" : ",\"") + std::to_string(999'999 - i) + "\":0";
    forwards += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  EXPECT_EQ(stringify(backwards + "}"), forwards + "}");
}

TEST(StringifyForm, SortsIndicesOnEveryLevel) {
  std::string given;
  std::string ordered;
  std::string given_end;
  for (int i = 0; i < 512; ++i) {
    given += R"({"x":0,"1":)";
    ordered += R"({"1":)";
    given_end += "}";
  }
  std::string ordered_end;
  for (int i = 0; i < 512; ++i) ordered_end += R"(,"x":0})";
  EXPECT_EQ(stringify(given + "7" + given_end), ordered + "7" + ordered_end);
}

TEST(StringifyForm, NamesTheFirstNumberThatItChanges) {
  EXPECT_EQ(number_that_stringify_changes(R"({"a":[1.0,"1e400",1E3],"b":{"c":-2.50}})"), "");
  EXPECT_EQ(number_that_stringify_changes(R"({"a":[1.0,{"b":-0.0}],"c":1e400})"), "-0.0");
  EXPECT_EQ(number_that_stringify_changes("[1e400]"), "1e400");
  EXPECT_EQ(number_that_stringify_changes("[9007199254740993]"), "9007199254740993");
}

TEST(SigningForm, ReachesTheSinkCompletelyWithLongAndShortPieces) {
  const std::string long_string = "\"" + std::string(100'000, 'x') + "\"";
  std::string given = "[";
  std::string expected = "[";
  for (int i = 0; i < 5000; ++i) {
    given += i == 0 ? " 1" : " , 1";
    expected += i == 0 ? "1" : ",1";
  }
  given += ", " + long_string + ", 2 ]";
  expected += "," + long_string + ",2]";
  EXPECT_EQ(compact(given), expected);
  EXPECT_EQ(stringify(given), expected);
}

}  // namespace
}  // namespace attestrd
