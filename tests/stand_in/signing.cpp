#include "signing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace attestrd::simulator {

SigningForm parse_signing_form(std::string_view name) {
  if (name == "raw") return SigningForm::raw;
  if (name == "compact") return SigningForm::compact;
  if (name == "stringify") return SigningForm::stringify;
  throw std::invalid_argument(
      fmt::format("'{}' is no signing form: want raw, compact or stringify", name));
}

std::string signed_text(const SpelledJson& result, SigningForm form, Layout layout, int depth) {
  switch (form) {
    case SigningForm::raw: return result.wire(layout, depth);
    case SigningForm::compact: return result.wire(Layout::compact);
    case SigningForm::stringify: return result.stringify();
  }
  throw std::logic_error("no such signing form");
}

std::string hmac_sha256_hex(std::string_view secret, std::string_view text) {
  std::array<unsigned char, 32> digest{};
  unsigned int length = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  if (!HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), data, text.size(),
            digest.data(), &length))
    throw std::runtime_error("OpenSSL can't compute an HMAC-SHA-256");
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace attestrd::simulator
