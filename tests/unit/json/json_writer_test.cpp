#include "json/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(JsonWriter, WritesMembersInTheOrderOfTheCalls) {
  std::string out = "before ";
  JsonWriter writer(out);
  writer.begin_object();
  writer.text("a", "text");
  writer.number("b", -3);
  writer.raw("c", "[1, 1e999]");
  writer.time("d", Wall(1ms), TimePrecision::milliseconds);
  writer.end_object();
  EXPECT_EQ(out, R"(before {"a":"text","b":-3,"c":[1, 1e999],"d":"1970-01-01T00:00:00.001Z"})");
}

TEST(JsonWriter, NestsObjects) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.begin_object("empty");
  writer.end_object();
  writer.begin_object("outer");
  writer.begin_object("inner");
  writer.number("n", 1);
  writer.end_object();
  writer.number("m", 2);
  writer.end_object();
  writer.end_object();
  EXPECT_EQ(out, R"({"empty":{},"outer":{"inner":{"n":1},"m":2}})");
}

TEST(JsonWriter, EscapesTextsAndLeavesSpelledOnesAlone) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.text("a", "\"\\\n\x7f\xc3\xa9");
  writer.spelled_text("b", R"(\u0041\/)");
  writer.end_object();
  EXPECT_EQ(out, "{\"a\":\"\\\"\\\\\\u000a\x7f\xc3\xa9\",\"b\":\"\\u0041\\/\"}");
}

TEST(JsonWriter, LetsTheCallerAppendTheTextOfAString) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.number("n", 1);
  writer.begin_text("a");
  out += R"(one\n)";
  out += "two";
  writer.end_text();
  writer.number("m", 2);
  writer.end_object();
  EXPECT_EQ(out, R"({"n":1,"a":"one\ntwo","m":2})");
}

TEST(JsonWriter, EscapesByThePolicyThatIsGiven) {
  std::string out;
  JsonWriter writer(out, kLogEscapes);
  writer.begin_object();
  writer.text("a", "\x7f\xff");
  writer.end_object();
  EXPECT_EQ(out, "{\"a\":\"\\u007f\xef\xbf\xbd\"}");
}

TEST(JsonWriter, WritesTheLargestAndTheLeastNumber) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.number("most", UINT64_MAX);
  writer.number("least", INT64_MIN);
  writer.end_object();
  EXPECT_EQ(out, R"({"most":18446744073709551615,"least":-9223372036854775808})");
}

}  // namespace
}  // namespace attestrd
