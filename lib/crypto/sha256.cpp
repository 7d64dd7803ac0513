#include "crypto/sha256.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace attestrd {

Sha256Digest sha256_of(std::string_view bytes) {
  Sha256Digest digest;
  ATTESTRD_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return digest;
}

}  // namespace attestrd
