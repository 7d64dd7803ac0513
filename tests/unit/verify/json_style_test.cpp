#include "verify/json_style.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace attestrd {
namespace {

std::string written(std::string_view name, std::string_view json, bool sorts_keys = false) {
  const auto styles = json_styles();
  const auto style = std::ranges::find(styles, name, &JsonStyle::name);
  if (style == styles.end()) return "no such style";
  std::string text;
  write_json(json, *style, sorts_keys, [&text](std::string_view piece) { text += piece; });
  return text;
}

constexpr std::string_view kNumbers =
    "[1e15,1e16,1e17,1e25,0.001,0.0001,0.00001,1E7,9999999.0,-0.0,-0,5.0,1E3,0.1,1.5e-7,12.25,"
    "12345678901234567890,123456789012345678.0]";

// The expected texts are the output of Python 3.11, PHP 8.2, Jackson 2.14, Gson 2.10 and Node 20.

TEST(JsonStyle, WritesNumbersAsTheLibraryDoes) {
  EXPECT_EQ(written("Python json.dumps, compact separators", kNumbers),
            "[1000000000000000.0,1e+16,1e+17,1e+25,0.001,0.0001,1e-05,10000000.0,9999999.0,-0.0,0,"
            "5.0,1000.0,0.1,1.5e-07,12.25,12345678901234567890,1.2345678901234568e+17]");
  EXPECT_EQ(written("PHP json_encode", kNumbers),
            "[1000000000000000,10000000000000000,1.0e+17,1.0e+25,0.001,0.0001,1.0e-5,10000000,"
            "9999999,-0,0,5,1000,0.1,1.5e-7,12.25,1.2345678901234567e+19,1.2345678901234568e+17]");
  EXPECT_EQ(written("Java Jackson", kNumbers),
            "[1.0E15,1.0E16,1.0E17,1.0E25,0.001,1.0E-4,1.0E-5,1.0E7,9999999.0,-0.0,0,5.0,1000.0,"
            "0.1,1.5E-7,12.25,12345678901234567890,1.2345678901234568E17]");
  EXPECT_EQ(written("Java Gson", kNumbers), kNumbers);
  EXPECT_EQ(written("JavaScript JSON.stringify", "[-0.0,1e400,5.0]"), "[0,null,5]");
}

constexpr std::string_view kText =
    R"(["a\/b \u00e9 <>&=' \u2028 \u007f \u001f \ud83d\ude00 \b\f\n\t\r \\ \""])";

TEST(JsonStyle, EscapesAsTheLibraryDoes) {
  const std::string line = "\xe2\x80\xa8";
  const std::string smile = "\xf0\x9f\x98\x80";
  EXPECT_EQ(written("Python json.dumps", kText),
            R"(["a/b \u00e9 <>&=' \u2028 \u007f \u001f \ud83d\ude00 \b\f\n\t\r \\ \""])");
  EXPECT_EQ(written("Python json.dumps, ensure_ascii=False", kText),
            R"(["a/b é <>&=' )" + line + " \x7f \\u001f " + smile + R"( \b\f\n\t\r \\ \""])");
  EXPECT_EQ(
      written("PHP json_encode", kText),
      "[\"a\\/b \\u00e9 <>&=' \\u2028 \x7f \\u001f \\ud83d\\ude00 \\b\\f\\n\\t\\r \\\\ \\\"\"]");
  EXPECT_EQ(written("PHP json_encode, JSON_UNESCAPED_SLASHES, JSON_UNESCAPED_UNICODE", kText),
            "[\"a/b é <>&=' \\u2028 \x7f \\u001f " + smile + R"( \b\f\n\t\r \\ \""])");
  EXPECT_EQ(written("Java Jackson", kText),
            R"(["a/b é <>&=' )" + line + " \x7f \\u001F " + smile + R"( \b\f\n\t\r \\ \""])");
  EXPECT_EQ(written("Java Gson", kText),
            "[\"a/b é \\u003c\\u003e\\u0026\\u003d\\u0027 \\u2028 \x7f \\u001f " + smile +
                R"( \b\f\n\t\r \\ \""])");
}

constexpr std::string_view kObject = R"( {"b":null,"2":[ {"z":1,"a":[]} ],"\u0061":{},"A":true} )";

TEST(JsonStyle, SeparatesAndSorts) {
  EXPECT_EQ(written("Python json.dumps", kObject),
            R"({"b": null, "2": [{"z": 1, "a": []}], "a": {}, "A": true})");
  EXPECT_EQ(written("Java Jackson", kObject, true),
            R"({"2":[{"a":[],"z":1}],"A":true,"a":{},"b":null})");
}

TEST(JsonStyle, GsonOmitsMembersThatAreNull) {
  EXPECT_EQ(written("Java Gson", R"({"b":null,"a":[null],"c":{"d":null}})"),
            R"({"a":[null],"c":{}})");
  EXPECT_EQ(written("Java Gson, serializeNulls", R"({"b":null})"), R"({"b":null})");
}

TEST(JsonStyle, KeepsALoneSurrogateAsAnEscape) {
  EXPECT_EQ(written("Java Jackson", R"(["\ud83dx"])"), R"(["\uD83Dx"])");
}

}  // namespace
}  // namespace attestrd
