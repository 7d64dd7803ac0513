#include "base/escape.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

std::string spelled(char16_t unit, EscapeForm form) {
  return std::string(Escape(unit, form).view());
}

TEST(Escape, SpellsACharacterInEachForm) {
  EXPECT_EQ(spelled(0x1b, EscapeForm::hex), "\\x1b");
  EXPECT_EQ(spelled(0xff, EscapeForm::hex), "\\xff");
  EXPECT_EQ(spelled('\\', EscapeForm::hex), "\\x5c");
  EXPECT_EQ(spelled('/', EscapeForm::percent), "%2F");
  EXPECT_EQ(spelled(0xff, EscapeForm::percent), "%FF");
  EXPECT_EQ(spelled('\n', EscapeForm::json), "\\u000a");
  EXPECT_EQ(spelled('"', EscapeForm::json), "\\\"");
  EXPECT_EQ(spelled('\\', EscapeForm::json), "\\\\");
  EXPECT_EQ(spelled(0xd83d, EscapeForm::json), "\\ud83d");
}

TEST(Escape, HasShortNamesForFiveControls) {
  EXPECT_EQ(spelled('\b', EscapeForm::json_short), "\\b");
  EXPECT_EQ(spelled('\t', EscapeForm::json_short), "\\t");
  EXPECT_EQ(spelled('\n', EscapeForm::json_short), "\\n");
  EXPECT_EQ(spelled('\f', EscapeForm::json_short), "\\f");
  EXPECT_EQ(spelled('\r', EscapeForm::json_short), "\\r");
  EXPECT_EQ(spelled('\v', EscapeForm::json_short), "\\u000b");
  EXPECT_EQ(spelled('"', EscapeForm::json_short), "\\\"");
}

std::string every_byte() {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
  return text;
}

TEST(Escape, JsonLeavesAllButControlsQuoteAndBackslash) {
  std::string expected;
  for (const char c : every_byte()) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || c == '"' || c == '\\') {
      expected += spelled(byte, EscapeForm::json);
    } else {
      expected += c;
    }
  }
  EXPECT_EQ(escaped(every_byte(), kJsonEscapes), expected);
}

TEST(Escape, ControlsLeavesAllButAsciiControls) {
  EXPECT_EQ(escaped("a\tb\x7f\"\\\x80\xc3\xa9", kControlEscapes), "a\\x09b\\x7f\"\\\x80\xc3\xa9");
}

TEST(Escape, PrintableLeavesNothingButPrintableAscii) {
  EXPECT_EQ(escaped("a b\"~\\\x7f\xc3\xa9\n", kPrintableEscapes),
            "a b\"~\\x5c\\x7f\\xc3\\xa9\\x0a");
}

TEST(Escape, LogReplacesInvalidUtf8AndC1Controls) {
  EXPECT_EQ(escaped("\xc3\xa9\xf0\x9f\x98\x80", kLogEscapes), "\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(escaped("\x80\xffx\xe2\x82", kLogEscapes),
            "\xef\xbf\xbd\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(escaped("\xc2\x9b\xc2\xa0", kLogEscapes), "\xef\xbf\xbd\xc2\xa0");
  EXPECT_EQ(escaped("\x1b\x7f\"\\", kLogEscapes), "\\u001b\\u007f\\\"\\\\");
}

TEST(Escape, LogEscapesWhatHidesReordersOrBreaksText) {
  EXPECT_EQ(escaped("a\xe2\x80\xae"
                    "b\xe2\x80\x8b\xe2\x80\xa8\xef\xbb\xbf\xd8\x9c",
                    kLogEscapes),
            "a\\u202eb\\u200b\\u2028\\ufeff\\u061c");
  EXPECT_EQ(escaped("\xf3\xa0\x81\x81\xf0\x9f\x98\x80", kLogEscapes),
            "\\udb40\\udc41\xf0\x9f\x98\x80");
}

TEST(Escape, AppendsToTheText) {
  std::string text = "before ";
  append_escaped(text, "", kJsonEscapes);
  append_escaped(text, "\x01", kJsonEscapes);
  EXPECT_EQ(text, "before \\u0001");
}

}  // namespace
}  // namespace attestrd
