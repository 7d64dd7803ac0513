#pragma once

#include <openssl/crypto.h>

#include <string>
#include <string_view>
#include <utility>

namespace attestrd {

/// A client secret or an auth token in memory. It has no way to be printed or compared, and wipes
/// itself, so that neither a log nor a core file shows it for longer than it is in use.
class Secret {
 public:
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { OPENSSL_cleanse(text_.data(), text_.size()); }

  /// For the hand that signs or sends it, and nobody else.
  std::string_view reveal() const { return text_; }

 private:
  std::string text_;
};

}  // namespace attestrd
