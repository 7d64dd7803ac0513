#include "crypto/secret_memory.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <string>
#include <utility>

#include "base/limits.h"
#include "crypto/secret.h"

namespace attestrd {
namespace {

TEST(SecretMemory, ASecretLiesThereAndIsWipedAfterItsUse) {
  open_secret_memory();
  ASSERT_EQ(CRYPTO_secure_malloc_initialized(), 1);
  for (const std::size_t length : {7U, 100U}) {
    const std::string text(length, 'x');
    const char* place = nullptr;
    {
      Secret secret(text);
      place = secret.reveal().data();
      EXPECT_EQ(CRYPTO_secure_allocated(place), 1);
      const Secret moved(std::move(secret));
      EXPECT_EQ(moved.reveal().data(), place) << "a move makes no copy";
      EXPECT_EQ(moved.reveal(), text);
    }
    // The memory stays mapped. Its first bytes link free blocks.
    EXPECT_EQ(std::string(place, length).find("xx"), std::string::npos);
  }
}

TEST(SecretMemory, MoreSecretsThanFitAreKeptElsewhere) {
  open_secret_memory();
  const SecretBytes most(limits::kOwnSecretMemoryBytes / 2 + 1);
  EXPECT_EQ(CRYPTO_secure_allocated(most.data()), 1);
  const SecretBytes more(limits::kOwnSecretMemoryBytes / 2 + 1);
  EXPECT_EQ(CRYPTO_secure_allocated(more.data()), 0) << "the rest is for the keys of OpenSSL";
  void* const others = OPENSSL_secure_malloc(1024);
  EXPECT_EQ(CRYPTO_secure_allocated(others), 1);
  OPENSSL_secure_free(others);
}

}  // namespace
}  // namespace attestrd
