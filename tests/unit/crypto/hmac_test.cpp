#include "crypto/hmac.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

using namespace std::string_literals;

std::string digest_in_hex(HmacSha256& hmac, std::string_view message) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  hmac.update(message);
  std::string hex;
  for (const unsigned char byte : hmac.finish()) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

std::string hmac_of(const std::string& key, std::string_view message) {
  HmacSha256 hmac{Secret(key)};
  return digest_in_hex(hmac, message);
}

std::string bytes_1_to_25() {
  std::string bytes;
  for (char byte = 1; byte <= 25; ++byte) bytes += byte;
  return bytes;
}

TEST(Hmac, MatchesTheDigestsOfRfc4231) {
  EXPECT_EQ(hmac_of(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_of("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_of(std::string(20, '\xaa'), std::string(50, '\xdd')),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hmac_of(bytes_1_to_25(), std::string(50, '\xcd')),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  EXPECT_EQ(hmac_of(std::string(20, '\x0c'), "Test With Truncation"),
            "a3b6167473100ee06e0c796c2955552bfa6f7c0a6a8aef8b93f860aab0cd20c5");
  EXPECT_EQ(
      hmac_of(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hmac_of(std::string(131, '\xaa'),
                    "This is a test using a larger than block-size key and a larger than "
                    "block-size data. The key needs to be hashed before being used by the HMAC "
                    "algorithm."),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(Hmac, AcceptsAnEmptyKeyAndAnEmptyMessage) {
  EXPECT_EQ(hmac_of("", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hmac, SignsSeveralMessagesInTurn) {
  HmacSha256 hmac{Secret("Jefe")};
  const std::string first = digest_in_hex(hmac, "what do ya want for nothing?");
  EXPECT_NE(digest_in_hex(hmac, "another"), first);
  EXPECT_EQ(digest_in_hex(hmac, "what do ya want for nothing?"), first);
}

TEST(Hmac, AcceptsAMessageInPieces) {
  HmacSha256 hmac{Secret("Jefe")};
  hmac.update("what do ya ");
  hmac.update("");
  hmac.update("want ");
  EXPECT_EQ(digest_in_hex(hmac, "for nothing?"), hmac_of("Jefe", "what do ya want for nothing?"));
}

TEST(Hmac, UsesNulBytesOfKeyAndMessage) {
  EXPECT_NE(hmac_of("a\0b"s, "m"), hmac_of("a", "m"));
  EXPECT_NE(hmac_of("k", "m\0n"s), hmac_of("k", "m"));
}

TEST(Digest, IsReadFromHexOfEitherCase) {
  const auto digest = parse_digest("00ff" + std::string(56, '0') + "aBcD");
  ASSERT_TRUE(digest);
  EXPECT_EQ((*digest)[0], 0x00);
  EXPECT_EQ((*digest)[1], 0xff);
  EXPECT_EQ((*digest)[30], 0xab);
  EXPECT_EQ((*digest)[31], 0xcd);
}

TEST(Digest, NeedsExactly64Digits) {
  EXPECT_TRUE(parse_digest(std::string(64, '0')));
  for (const std::size_t length : {0U, 1U, 62U, 63U, 65U, 66U, 128U})
    EXPECT_FALSE(parse_digest(std::string(length, '0'))) << length;
}

TEST(Digest, NeedsHexDigitsInEveryPlace) {
  for (const char c : {'g', 'G', '/', ':', '@', '`', ' ', '\0', 'x'}) {
    EXPECT_FALSE(parse_digest(c + std::string(63, '0'))) << c;
    EXPECT_FALSE(parse_digest(std::string(63, '0') + c)) << c;
  }
}

TEST(Digest, IsEqualOnlyIfEveryByteIs) {
  const Sha256Digest zero{};
  for (std::size_t i = 0; i < zero.size(); ++i) {
    Sha256Digest other{};
    other[i] = 0x80;
    EXPECT_FALSE(equal_in_constant_time(zero, other)) << i;
  }
  EXPECT_TRUE(equal_in_constant_time(zero, Sha256Digest{}));
}

}  // namespace
}  // namespace attestrd
