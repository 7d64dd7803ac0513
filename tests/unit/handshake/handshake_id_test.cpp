#include "handshake/handshake_id.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

TEST(HandshakeId, AcceptsLettersDigitsUnderscoresAndHyphens) {
  for (const char* text : {"DS02zfeuv6n4gkq51hvw6", "a", "_", "-", "A-b_9"}) {
    ASSERT_TRUE(HandshakeId::parse(text)) << text;
    EXPECT_EQ(HandshakeId::parse(text)->view(), text);
  }
  EXPECT_TRUE(HandshakeId::parse(std::string(64, 'x')));
}

TEST(HandshakeId, RefusesCharactersThatAreUnsafeInAPathOrAUrl) {
  using namespace std::string_view_literals;
  for (const auto text : {""sv, "."sv, ".."sv, "a/b"sv, "../x"sv, "a b"sv, "a\n"sv, "a\0"sv,
                          "%41"sv, "a?b"sv, "\xc3\xa9"sv, "a.json"sv, "a:b"sv, "a\\b"sv}) {
    EXPECT_FALSE(HandshakeId::parse(text)) << text;
  }
  EXPECT_FALSE(HandshakeId::parse(std::string(65, 'x')));
}

TEST(HandshakeId, ComparesByItsText) {
  EXPECT_EQ(HandshakeId::parse("a"), HandshakeId::parse("a"));
  EXPECT_LT(*HandshakeId::parse("a"), *HandshakeId::parse("ab"));
}

}  // namespace
}  // namespace attestrd
