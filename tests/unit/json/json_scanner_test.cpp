#include "json/json_scanner.h"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::string_literals;

/// Returns the tokens of a text in short form, e.g. `{ k:a n:1 }`, followed by the end or the
/// fault.
std::string tokens(std::string_view text) {
  std::string said;
  JsonScanner scanner(text);
  for (;;) {
    const JsonToken token = scanner.next();
    const std::string slice(token.text);
    switch (token.kind) {
      case JsonToken::Kind::begin_object:
      case JsonToken::Kind::end_object:
      case JsonToken::Kind::begin_array:
      case JsonToken::Kind::end_array: said += slice + " "; break;
      case JsonToken::Kind::key: said += "k:" + slice + " "; break;
      case JsonToken::Kind::string: said += "s:" + slice + " "; break;
      case JsonToken::Kind::number: said += "n:" + slice + " "; break;
      case JsonToken::Kind::boolean: said += "b:" + slice + " "; break;
      case JsonToken::Kind::null: said += "null "; break;
      case JsonToken::Kind::end: return said + "end";
      case JsonToken::Kind::fault: return said + "fault";
    }
  }
}

JsonFault fault_of(std::string_view text) {
  JsonScanner scanner(text);
  for (;;) {
    const auto kind = scanner.next().kind;
    if (kind == JsonToken::Kind::end || kind == JsonToken::Kind::fault) return scanner.fault();
  }
}

bool is_valid(std::string_view text) { return fault_of(text) == JsonFault::none; }

bool is_bad_utf8(std::string_view bytes) {
  return fault_of("\"" + std::string(bytes) + "\"") == JsonFault::utf8;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonScanner, ReturnsTheTokensOfAText) {
  EXPECT_EQ(tokens(R"({"a" : [1, "x", true], "b":{"c":null} , "d":false})"),
            "{ k:a [ n:1 s:x b:true ] k:b { k:c null } k:d b:false } end");
}

TEST(JsonScanner, AcceptsAnyValueAtTheTop) {
  EXPECT_EQ(tokens("null"), "null end");
  EXPECT_EQ(tokens(" \t\r\n-1.5e+3 \n"), "n:-1.5e+3 end");
  EXPECT_EQ(tokens("\"\""), "s: end");
  EXPECT_EQ(tokens("[ ]"), "[ ] end");
  EXPECT_EQ(tokens("{ }"), "{ } end");
}

TEST(JsonScanner, LeavesEscapesUnchanged) {
  EXPECT_EQ(tokens(R"(["\"\\\/\b\f\n\r\t\u00e9"])"), R"([ s:\"\\\/\b\f\n\r\t\u00e9 ] end)");
}

TEST(JsonScanner, RepeatsTheEnd) {
  JsonScanner scanner("1");
  scanner.next();
  EXPECT_EQ(scanner.next().kind, JsonToken::Kind::end);
  EXPECT_EQ(scanner.next().kind, JsonToken::Kind::end);
  EXPECT_EQ(scanner.fault(), JsonFault::none);
}

TEST(JsonScanner, RepeatsAFault) {
  JsonScanner scanner("[,]");
  scanner.next();
  EXPECT_EQ(scanner.next().kind, JsonToken::Kind::fault);
  EXPECT_EQ(scanner.next().kind, JsonToken::Kind::fault);
  EXPECT_EQ(scanner.fault(), JsonFault::syntax);
}

TEST(JsonScanner, AcceptsEveryFormOfNumber) {
  for (const auto* number : {"0", "-0", "10", "1.0", "-1.50", "1e5", "1E5", "1e+05", "1e-5", "0e0",
                             "0.1e1", "123456789012345678901234567890", "1e999"})
    EXPECT_TRUE(is_valid(number)) << number;
}

TEST(JsonScanner, RefusesMalformedNumbers) {
  for (const auto* text : {"-", "+1", "01", "-01", "00", "1.", ".5", "1.e5", "1e", "1e+", "1e5.0",
                           "0x10", "1_000", "NaN", "Infinity", "-Infinity", "--1", "1 2", "1-"})
    EXPECT_EQ(fault_of(text), JsonFault::syntax) << text;
}

TEST(JsonScanner, RefusesBrokenStructure) {
  for (const auto* text : {"",
                           " ",
                           "[",
                           "{",
                           "]",
                           "}",
                           ",",
                           ":",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "[1}",
                           "{]",
                           R"({"a")",
                           R"({"a":)",
                           R"({"a":1)",
                           R"({"a":1,})",
                           R"({,"a":1})",
                           R"({"a" 1})",
                           R"({"a":})",
                           R"({"a":1 "b":2})",
                           R"({"a":1])",
                           R"({1:2})",
                           R"({a:1})",
                           R"({"a"})",
                           "[1]]",
                           "{}{}",
                           "[1],",
                           "'a'",
                           "//\n1",
                           "/* */1"})
    EXPECT_EQ(fault_of(text), JsonFault::syntax) << text;
}

TEST(JsonScanner, RefusesMalformedLiterals) {
  for (const auto* text : {"t", "tru", "truth", "True", "falsey", "nul", "nulll", "undefined"})
    EXPECT_EQ(fault_of(text), JsonFault::syntax) << text;
}

TEST(JsonScanner, RefusesMalformedStrings) {
  for (const auto* text :
       {R"(")", R"("a)", R"("\")", R"("\)", R"("\x")", R"("\u")", R"("\u12")", R"("\u12g4")",
        R"("\u123)", R"("\'")", "\"a\nb\"", "\"a\tb\"", "\"\x1f\"", R"({"a)"})
    EXPECT_EQ(fault_of(text), JsonFault::syntax) << text;
}

TEST(JsonScanner, RefusesNulBytesAnywhere) {
  EXPECT_EQ(fault_of("\0"s), JsonFault::syntax);
  EXPECT_EQ(fault_of("1\0"s), JsonFault::syntax);
  EXPECT_EQ(fault_of("[1,\0 2]"s), JsonFault::syntax);
  EXPECT_EQ(fault_of("\"a\0b\""s), JsonFault::syntax);
  EXPECT_TRUE(is_valid(R"("\u0000")"));
}

TEST(JsonScanner, RefusesAByteOrderMark) {
  EXPECT_EQ(fault_of("\xef\xbb\xbf{}"), JsonFault::syntax);
  EXPECT_TRUE(is_valid("\"\xef\xbb\xbf\"")) << "in a string it is a character";
}

TEST(JsonScanner, RefusesWhiteSpaceOfOtherKinds) {
  for (const auto* text : {"\v1", "\f1", "\xc2\xa0\x31", "\xe2\x80\xa8\x31"})
    EXPECT_EQ(fault_of(text), JsonFault::syntax) << text;
}

TEST(JsonScanner, AcceptsUtf8OfEveryLength) {
  for (const auto* bytes :
       {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf1\x80\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_valid("\"" + std::string(bytes) + "\"")) << bytes;
}

TEST(JsonScanner, RefusesMalformedUtf8) {
  EXPECT_TRUE(is_bad_utf8("\x80")) << "a continuation alone";
  EXPECT_TRUE(is_bad_utf8("\xff"));
  EXPECT_TRUE(is_bad_utf8("\xc0\xaf")) << "overlong";
  EXPECT_TRUE(is_bad_utf8("\xc1\xbf")) << "overlong";
  EXPECT_TRUE(is_bad_utf8("\xe0\x9f\xbf")) << "overlong";
  EXPECT_TRUE(is_bad_utf8("\xf0\x8f\xbf\xbf")) << "overlong";
  EXPECT_TRUE(is_bad_utf8("\xed\xa0\x80")) << "a surrogate";
  EXPECT_TRUE(is_bad_utf8("\xf4\x90\x80\x80")) << "above U+10FFFF";
  EXPECT_TRUE(is_bad_utf8("\xf5\x80\x80\x80"));
  EXPECT_TRUE(is_bad_utf8("\xc3(")) << "no continuation";
  EXPECT_TRUE(is_bad_utf8("\xe2\x82(")) << "no second continuation";
  EXPECT_TRUE(is_bad_utf8("\xf0\x9f\x98")) << "the quote in place of the last byte";
  EXPECT_EQ(fault_of("\"\xe2\x82"), JsonFault::utf8) << "cut off by the end of the text";
}

TEST(JsonScanner, AcceptsEscapedLoneSurrogates) {
  EXPECT_TRUE(is_valid(R"(["\ud800", "\udc00", "\udc00\ud800"])"));
}

TEST(JsonScanner, ChecksEveryByteOfALongString) {
  for (int value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    const bool is_plain = value >= 0x20 && value < 0x80 && byte != '"' && byte != '\\';
    for (std::size_t length = 1; length <= 70; ++length) {
      for (std::size_t place = 0; place < length; ++place) {
        std::string text(length, 'x');
        text[place] = byte;
        const std::string quoted = "\"" + text + "\"";
        if (is_plain)
          ASSERT_EQ(tokens(quoted), "s:" + text + " end") << value << " at " << place;
        else
          ASSERT_FALSE(is_valid(quoted)) << value << " at " << place << " of " << length;
      }
    }
  }
}

TEST(JsonScanner, ContinuesAfterAnEscapeOrUtf8InALongString) {
  for (std::size_t before = 0; before <= 70; ++before)
    for (const auto middle : {"\\n", "\\u00e4", "ä", "€", "\xf0\x9f\x98\x80"}) {
      const std::string text = std::string(before, '/') + middle + std::string(70 - before, '~');
      EXPECT_EQ(tokens("[\"" + text + "\",1]"), "[ s:" + text + " n:1 ] end");
      EXPECT_FALSE(is_valid("\"" + text));
    }
}

TEST(JsonScanner, RefusesNestingBeyondTheBound) {
  EXPECT_TRUE(is_valid(nested(limits::kJsonDepth)));
  EXPECT_EQ(fault_of(nested(limits::kJsonDepth + 1)), JsonFault::depth);
  EXPECT_EQ(fault_of(nested(100'000)), JsonFault::depth);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(fault_of(objects), JsonFault::depth);
}

TEST(JsonScanner, ReportsItsDepth) {
  JsonScanner scanner(R"([{"a":1}])");
  EXPECT_EQ(scanner.depth(), 0U);
  for (const std::size_t depth : {1U, 2U, 2U, 2U, 1U, 0U, 0U}) {
    scanner.next();
    EXPECT_EQ(scanner.depth(), depth);
  }
}

TEST(JsonScanner, ResumesAtAMemberOrAtTheEndOfItsObject) {
  constexpr std::string_view kText = R"({"a":1,"b":2})";
  JsonScanner scanner(kText);
  scanner.next();
  scanner.resume_at(kText.find("\"b\""));
  EXPECT_EQ(scanner.next().text, "b");
  EXPECT_EQ(scanner.next().text, "2");
  scanner.resume_at(kText.find("\"a\""));
  EXPECT_EQ(scanner.next().text, "a");
  EXPECT_EQ(scanner.next().text, "1");
  scanner.resume_at(kText.find('}'));
  EXPECT_EQ(scanner.next().kind, JsonToken::Kind::end_object);
  EXPECT_EQ(scanner.next().kind, JsonToken::Kind::end);
}

}  // namespace
}  // namespace attestrd
