#pragma once

#include <optional>
#include <string_view>

#include "crypto/secret.h"
#include "crypto/sha256.h"
#include "handshake/handshake_id.h"

namespace attestrd {

/// Returns the handshake of a webhook of Attestr, or nothing if `body` is none: a JSON object with
/// the string `event`, and with the string `_id` in the object `payload`. All else in it is
/// ignored: only the signed answer to a poll is believed.
std::optional<HandshakeId> handshake_of_hint(std::string_view body);

/// The check of the token that Attestr sends with each webhook. It keeps only a digest of the
/// token, and takes the same time whichever wrong token it is given.
class HintToken {
 public:
  explicit HintToken(const Secret& token) : digest_(sha256_of(token.reveal())) {}

  /// Returns whether the value of an Authorization field is `Basic` and the token.
  bool is_in(std::string_view authorization) const;

 private:
  Sha256Digest digest_;
};

}  // namespace attestrd
