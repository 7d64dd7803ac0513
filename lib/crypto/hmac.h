#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "crypto/secret.h"
#include "crypto/sha256.h"

struct hmac_ctx_st;  // HMAC_CTX of OpenSSL.

namespace attestrd {

/// An HMAC-SHA-256 (RFC 2104, FIPS 180-4) with one key, for any number of messages.
class HmacSha256 {
 public:
  explicit HmacSha256(const Secret& key);

  /// Copies the key, and what was added so far.
  HmacSha256(const HmacSha256& other);
  HmacSha256(HmacSha256&&) noexcept = default;
  HmacSha256& operator=(HmacSha256&&) noexcept = default;
  ~HmacSha256() = default;

  /// Adds a piece of the message.
  void update(std::string_view piece);

  /// Ends the message and returns its digest. The next update() begins a new message.
  Sha256Digest finish();

 private:
  struct Free {
    void operator()(hmac_ctx_st* context) const;
  };

  std::unique_ptr<hmac_ctx_st, Free> context_;
};

/// Parses exactly 64 hex digits of either case. Returns nothing for any other text.
std::optional<Sha256Digest> parse_digest(std::string_view hex);

/// Compares two digests in a time that does not depend on where they differ.
bool equal_in_constant_time(const Sha256Digest& a, const Sha256Digest& b);

}  // namespace attestrd
