#include "engine/dialogue.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace attestrd::dialogue {

// Signs with OpenSSL alone, so that the verifier is not tested against its own code.
std::string Dialogue::signed_result(std::string_view secret, std::string_view result,
                                    std::string_view signed_text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), digest,
       &length);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return fmt::format(R"("consumed":true,"result":{},"resultSignature":"{}")", result, hex);
}

}  // namespace attestrd::dialogue
