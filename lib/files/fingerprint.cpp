#include "files/fingerprint.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace attestrd {

Fingerprint fingerprint_of(std::string_view bytes) {
  Fingerprint print;
  print.length_bytes = bytes.size();
  ATTESTRD_CHECK(EVP_Digest(bytes.data(), bytes.size(), print.sha256.data(), nullptr, EVP_sha256(),
                            nullptr) == 1);
  return print;
}

}  // namespace attestrd
