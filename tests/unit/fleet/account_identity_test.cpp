#include "fleet/account_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace attestrd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The base64 of key:secret, key:another and other:secret.
constexpr const char* kToken = "a2V5OnNlY3JldA==";
constexpr const char* kSameKey = "a2V5OmFub3RoZXI=";
constexpr const char* kOtherKey = "b3RoZXI6c2VjcmV0";

TEST(AccountIdentity, IsThatOfTheServerAndTheClientKey) {
  const auto identity = account_identity("api.attestr.com", kToken);
  // printf 'attestrd account\nkey key' | sha256sum | cut -c1-16
  EXPECT_EQ(identity, "https://api.attestr.com client 644acf01eaadfa4e");
  EXPECT_EQ(account_identity("api.attestr.com", kSameKey), identity)
      << "a new token of the account";
  EXPECT_NE(account_identity("api.attestr.com", kOtherKey), identity);
  EXPECT_NE(account_identity("staging.attestr.com", kToken), identity);
}

TEST(AccountIdentity, OfATokenOfAnotherFormIsThatOfTheWholeToken) {
  const auto identity = account_identity("host", "an-opaque-token");
  EXPECT_THAT(identity, Not(HasSubstr("opaque")));
  EXPECT_NE(account_identity("host", "an-opaque-token2"), identity);
  EXPECT_NE(account_identity("host", "a2V5"), account_identity("host", kToken)) << "no colon";
}

}  // namespace
}  // namespace attestrd
