#include "base/text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace attestrd {
namespace {

TEST(CharSet, HoldsItsMembersAndNothingElse) {
  constexpr CharSet kSet = CharSet::range('a', 'c') | CharSet("-\xff");
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool expected = (c >= 'a' && c <= 'c') || c == '-' || c == '\xff';
    EXPECT_EQ(kSet.contains(c), expected) << byte;
    EXPECT_EQ((~kSet).contains(c), !expected) << byte;
  }
}

TEST(CharSet, ContainsAllOfAnEmptyText) {
  EXPECT_TRUE(kDigits.contains_all(""));
  EXPECT_TRUE(kDigits.contains_all("0189"));
  EXPECT_FALSE(kDigits.contains_all("01 9"));
  EXPECT_FALSE(kDigits.contains_all(std::string_view("1\0", 2)));
}

TEST(CharSet, NamesTheClassesOfAscii) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_letter = is_lower || (c >= 'A' && c <= 'Z');
    EXPECT_EQ(kLowerLetters.contains(c), is_lower) << byte;
    EXPECT_EQ(kDigits.contains(c), is_digit(c)) << byte;
    EXPECT_EQ(kLettersAndDigits.contains(c), is_letter || is_digit(c)) << byte;
    EXPECT_EQ(kVisible.contains(c), byte > 0x20 && byte < 0x7f) << byte;
    EXPECT_EQ(kControls.contains(c), byte < 0x20 || byte == 0x7f) << byte;
  }
}

TEST(Text, ComparesIgnoringTheCaseOfAsciiLettersOnly) {
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_TRUE(equal_ignoring_case("Retry-After", "rEtRY-aFTER"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("@", "`")) << "they differ in the same bit as letters";
  EXPECT_FALSE(equal_ignoring_case("\xc3\x84", "\xc3\xa4"));
}

TEST(Text, DecodesHexOfEitherCase) {
  std::array<unsigned char, 4> bytes{};
  EXPECT_TRUE(decode_hex("00fFA9b0", bytes));
  EXPECT_EQ(bytes, (std::array<unsigned char, 4>{0x00, 0xff, 0xa9, 0xb0}));
}

TEST(Text, RefusesHexOfAnotherLengthOrWithOtherCharacters) {
  std::array<unsigned char, 2> bytes{};
  for (const auto* hex : {"", "123", "12345", "123g", "g123", "1 23", "-123", "0x12", "12@4"})
    EXPECT_FALSE(decode_hex(hex, bytes)) << hex;
}

/// Returns the UTF-8 sequence of `point`, which may be a surrogate.
std::string sequence_of(char32_t point) {
  std::array<char, 4> text;
  return {text.data(), static_cast<std::size_t>(put_utf8(point, text.data()) - text.data())};
}

TEST(Utf8, EveryCodePointButASurrogateIsWellFormed) {
  for (char32_t point = 0; point <= 0x10ffff; ++point) {
    const std::string text = sequence_of(point);
    const std::size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    ASSERT_EQ(text.size(), length) << std::hex << static_cast<std::uint32_t>(point);
    const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    ASSERT_EQ(utf8_length(text), is_surrogate ? 0 : length)
        << std::hex << static_cast<std::uint32_t>(point);
  }
}

TEST(Utf8, FindsAsManySequencesAsThereAreCodePoints) {
  // The sequences of three bytes are U+0800 to U+FFFF without the surrogates.
  int sequences = 0;
  for (int bytes = 0; bytes < 1 << 24; ++bytes) {
    const char text[] = {static_cast<char>(bytes >> 16), static_cast<char>(bytes >> 8),
                         static_cast<char>(bytes)};
    if (utf8_length({text, sizeof text}) == 3) ++sequences;
  }
  EXPECT_EQ(sequences, 0x10000 - 0x800 - 0x800);
}

TEST(Utf8, RefusesTruncatedOverlongAndTooLargeSequences) {
  for (const auto* text : {"\x80", "\xbf", "\xc2", "\xc2x", "\xc0\xaf", "\xc1\xbf", "\xe2\x82",
                           "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x9f\x98", "\xf0\x8f\xbf\xbf",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    EXPECT_EQ(utf8_length(text), 0U) << testing::PrintToString(text);
}

TEST(Utf8, HasACodePoint) {
  for (const char32_t point :
       {U'\x0', U'a', U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xffff', U'\x10000', U'\x10ffff'}) {
    char text[4];
    const auto length = static_cast<std::size_t>(put_utf8(point, text) - text);
    EXPECT_EQ(utf8_point({text, length}), point);
  }
}

TEST(Invisible, HidesReordersOrBreaksText) {
  for (const char32_t point :
       {0xad, 0x61c, 0x200b, 0x200f, 0x2028, 0x2029, 0x202e, 0x2066, 0xfeff, 0xe0041})
    EXPECT_TRUE(is_invisible(point)) << std::hex << static_cast<unsigned>(point);
  for (const char32_t point : {0x20, 0x61, 0xa0, 0xe9, 0x905, 0x2027, 0x202f, 0x20ac, 0x1f600})
    EXPECT_FALSE(is_invisible(point)) << std::hex << static_cast<unsigned>(point);
}

}  // namespace
}  // namespace attestrd
