#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/sealer.h"

namespace attestrd::test {

inline constexpr std::string_view kFakeBegin = "-----BEGIN CMS-----\n";
inline constexpr std::string_view kFakeEnd = "-----END CMS-----\n";

/// A sealer that encrypts nothing: it writes the text in hex, in the form of PEM.
class FakeSealer : public Sealer {
 public:
  Result<void> seal(std::string_view text, const Sink& sink) const override {
    sink(kFakeBegin);
    if (failure) return *failure;  // Some of it is written already.
    if (sealed >= most) return fail(Errc::shortage, "no memory");
    std::string hex;
    for (const unsigned char byte : text) hex += fmt::format("{:02x}", byte);
    for (std::size_t at = 0; at < hex.size(); at += 64) sink(hex.substr(at, 64) + "\n");
    sink(kFakeEnd);
    ++sealed;
    return {};
  }

  std::optional<Error> failure;    ///< Of each call.
  std::size_t most = SIZE_MAX;     ///< After so many texts, memory is short.
  mutable std::size_t sealed = 0;  ///< Texts that were sealed.
};

/// Opens what a FakeSealer has sealed.
class FakeUnsealer : public Unsealer {
 public:
  Result<std::string> unseal(std::string_view pem) const override {
    if (!fits) return fail(Errc::invalid_input, "this key does not open it");
    std::string hex(
        pem.substr(kFakeBegin.size(), pem.size() - kFakeBegin.size() - kFakeEnd.size()));
    std::erase(hex, '\n');
    std::string text;
    for (std::size_t at = 0; at < hex.size(); at += 2)
      text += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    return text;
  }

  bool fits = true;
};

}  // namespace attestrd::test
