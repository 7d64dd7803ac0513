#include "crypto/sha256.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/fingerprint.h"
#include "crypto/hmac.h"

namespace attestrd {
namespace {

TEST(Sha256, MatchesTheDigestsOfFips180) {
  EXPECT_EQ(sha256_of(""),
            parse_digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  EXPECT_EQ(sha256_of("abc"),
            parse_digest("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  EXPECT_EQ(sha256_of(std::string(1'000'000, 'a')),
            parse_digest("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
}

TEST(Fingerprint, IsLengthAndDigest) {
  const Fingerprint fingerprint = fingerprint_of("abc");
  EXPECT_EQ(fingerprint.length_bytes, 3U);
  EXPECT_EQ(fingerprint.sha256, sha256_of("abc"));
  EXPECT_EQ(fingerprint, fingerprint_of("abc"));
  EXPECT_NE(fingerprint, fingerprint_of("abd"));
}

}  // namespace
}  // namespace attestrd
