#include "crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstddef>

#include "base/check.h"
#include "base/text.h"

namespace attestrd {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  // An empty key must not be a null pointer: for OpenSSL that means "keep the previous key".
  return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}

}  // namespace

void HmacSha256::Free::operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }

HmacSha256::HmacSha256(const Secret& key) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
      EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr), EVP_MAC_free);
  ATTESTRD_CHECK(mac != nullptr);
  context_.reset(EVP_MAC_CTX_new(mac.get()));
  ATTESTRD_CHECK(context_ != nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  const auto text = key.reveal();
  ATTESTRD_CHECK(EVP_MAC_init(context_.get(), bytes_of(text), text.size(), parameters) == 1);
}

HmacSha256::HmacSha256(const HmacSha256& other) : context_(EVP_MAC_CTX_dup(other.context_.get())) {
  ATTESTRD_CHECK(context_ != nullptr);
}

void HmacSha256::update(std::string_view piece) {
  ATTESTRD_CHECK(EVP_MAC_update(context_.get(), bytes_of(piece), piece.size()) == 1);
}

Sha256Digest HmacSha256::finish() {
  Sha256Digest digest;
  std::size_t length = 0;
  ATTESTRD_CHECK(EVP_MAC_final(context_.get(), digest.data(), &length, digest.size()) == 1);
  ATTESTRD_CHECK(length == digest.size());
  // EVP_MAC_init() without a key and parameters restarts with the same ones.
  ATTESTRD_CHECK(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1);
  return digest;
}

std::optional<Sha256Digest> parse_digest(std::string_view hex) {
  Sha256Digest digest;
  return decode_hex(hex, digest) ? std::optional(digest) : std::nullopt;
}

bool equal_in_constant_time(const Sha256Digest& a, const Sha256Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace attestrd
