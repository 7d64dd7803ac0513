#include "fleet/account_identity.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "crypto/sha256.h"

namespace attestrd {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kFingerprintBytes = 8;

/// Returns the bytes before the first colon of a base64 text, or nothing if there is none.
std::optional<std::string> key_of(std::string_view token) {
  std::string key;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : token) {
    const auto digit = kDigits.find(c);
    if (digit == kDigits.npos) return std::nullopt;
    bits = (bits << 6U | static_cast<std::uint32_t>(digit)) & 0xFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    const auto byte = static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
    if (byte == ':') return key;
    key += byte;
  }
  return std::nullopt;
}

}  // namespace

std::string account_identity(std::string_view authority, std::string_view auth_token) {
  const auto key = key_of(auth_token);
  const auto digest =
      sha256_of("attestrd account\n" + (key ? "key " + *key : "token " + std::string(auth_token)));
  std::string fingerprint;
  for (std::size_t i = 0; i < kFingerprintBytes; ++i)
    fingerprint += fmt::format("{:02x}", digest.at(i));
  return fmt::format("https://{} client {}", authority, fingerprint);
}

}  // namespace attestrd
