#pragma once

#include <openssl/crypto.h>

#include <string>
#include <string_view>
#include <utility>

namespace attestrd {

/// A client secret or an auth token in memory. It can be neither printed nor compared, and it wipes
/// itself: no log shows it, and a core file shows it only while it is in use.
class Secret {
 public:
  explicit Secret(std::string text) : text_(std::move(text)) {
    wipe(text);  // A move copies a short text and leaves the original.
  }
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other) {
    if (this == &other) return *this;
    wipe(text_);
    text_ = other.text_;
    return *this;
  }
  ~Secret() { wipe(text_); }

  /// Returns the text, only for the code that signs with it or sends it.
  std::string_view reveal() const { return text_; }

 private:
  static void wipe(std::string& text) {
    text.resize(text.capacity());
    OPENSSL_cleanse(text.data(), text.size());
  }

  std::string text_;
};

}  // namespace attestrd
