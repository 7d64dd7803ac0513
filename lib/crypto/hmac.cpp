// HMAC_CTX is deprecated since OpenSSL 3.0, but keeps no copy of the key, only the two states that
// follow from it. EVP_MAC keeps one in ordinary memory, which may be swapped out.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

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

void HmacSha256::Free::operator()(hmac_ctx_st* context) const { HMAC_CTX_free(context); }

HmacSha256::HmacSha256(const Secret& key) : context_(HMAC_CTX_new()) {
  ATTESTRD_CHECK(context_ != nullptr);
  const auto text = key.reveal();
  ATTESTRD_CHECK(HMAC_Init_ex(context_.get(), bytes_of(text), static_cast<int>(text.size()),
                              EVP_sha256(), nullptr) == 1);
}

HmacSha256::HmacSha256(const HmacSha256& other) : context_(HMAC_CTX_new()) {
  ATTESTRD_CHECK(context_ != nullptr);
  ATTESTRD_CHECK(HMAC_CTX_copy(context_.get(), other.context_.get()) == 1);
}

void HmacSha256::update(std::string_view piece) {
  ATTESTRD_CHECK(HMAC_Update(context_.get(), bytes_of(piece), piece.size()) == 1);
}

Sha256Digest HmacSha256::finish() {
  Sha256Digest digest;
  unsigned length = 0;
  ATTESTRD_CHECK(HMAC_Final(context_.get(), digest.data(), &length) == 1);
  ATTESTRD_CHECK(length == digest.size());
  // HMAC_Init_ex() without a key and a digest restarts with the same ones.
  ATTESTRD_CHECK(HMAC_Init_ex(context_.get(), nullptr, 0, nullptr, nullptr) == 1);
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
