#include "json/json_string.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(JsonString, IsItsOwnValueWithoutEscapes) {
  EXPECT_EQ(unescape_json_string(""), "");
  EXPECT_EQ(unescape_json_string("290846"), "290846");
  EXPECT_EQ(unescape_json_string("caf\xc3\xa9"), "caf\xc3\xa9");
}

TEST(JsonString, UnescapesShortEscapes) {
  EXPECT_EQ(unescape_json_string(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescape_json_string(R"(a\\nb)"), "a\\nb") << "an escaped backslash escapes nothing";
}

TEST(JsonString, UnescapesCodePointsOfEveryLength) {
  EXPECT_EQ(unescape_json_string(R"(\u0041\u007f)"), "A\x7f");
  EXPECT_EQ(unescape_json_string(R"(\u0080\u07ff)"), "\xc2\x80\xdf\xbf");
  EXPECT_EQ(unescape_json_string(R"(\u0800\uFFFF)"), "\xe0\xa0\x80\xef\xbf\xbf");
  EXPECT_EQ(unescape_json_string(R"(\ud800\udc00\uDBFF\uDFFF)"),
            "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
  EXPECT_EQ(unescape_json_string(R"(\u0000)"), std::string_view("\0", 1));
}

TEST(JsonString, KeepsLoneSurrogatesDistinct) {
  EXPECT_EQ(unescape_json_string(R"(\ud83d)"), "\xed\xa0\xbd");
  EXPECT_EQ(unescape_json_string(R"(\ude00)"), "\xed\xb8\x80");
  EXPECT_EQ(unescape_json_string(R"(\ude00\ud83d)"), "\xed\xb8\x80\xed\xa0\xbd");
  EXPECT_EQ(unescape_json_string(R"(\ud83d\ud83d\ude00)"), "\xed\xa0\xbd\xf0\x9f\x98\x80");
  EXPECT_EQ(unescape_json_string(R"(\ud83d\n)"), "\xed\xa0\xbd\n");
  EXPECT_EQ(unescape_json_string(R"(\ud83d\ue000)"), "\xed\xa0\xbd\xee\x80\x80");
  EXPECT_EQ(unescape_json_string(R"(\ud83dude00)"), "\xed\xa0\xbdude00");
}

TEST(JsonString, IsComparedByItsValue) {
  EXPECT_TRUE(json_string_equals("DS02", "DS02"));
  EXPECT_TRUE(json_string_equals(R"(\u0044S0\u0032)", "DS02"));
  EXPECT_FALSE(json_string_equals("DS02", "DS03"));
  EXPECT_FALSE(json_string_equals(R"(DS02\u0000)", "DS02"));
  EXPECT_FALSE(json_string_equals(R"(\\u0044S02)", "DS02"));
}

}  // namespace
}  // namespace attestrd
