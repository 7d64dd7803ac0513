#pragma once

#include <openssl/crypto.h>

#include <string>
#include <string_view>
#include <utility>

#include "crypto/secret_memory.h"

namespace attestrd {

/// A client secret or an auth token in memory. It can be neither printed nor compared, and it wipes
/// itself: no log shows it, and a core file shows it only while it is in use.
class Secret {
 public:
  /// Wipes `text`.
  explicit Secret(std::string text) : bytes_(text.begin(), text.end()) {
    text.resize(text.capacity());
    OPENSSL_cleanse(text.data(), text.size());
  }

  explicit Secret(SecretBytes bytes) : bytes_(std::move(bytes)) {}

  /// Returns the text, only for the code that signs with it or sends it.
  std::string_view reveal() const { return {bytes_.data(), bytes_.size()}; }

 private:
  SecretBytes bytes_;
};

}  // namespace attestrd
