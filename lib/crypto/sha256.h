#pragma once

#include <array>
#include <string_view>

namespace attestrd {

using Sha256Digest = std::array<unsigned char, 32>;

/// Returns the SHA-256 (FIPS 180-4) of `bytes`.
Sha256Digest sha256_of(std::string_view bytes);

}  // namespace attestrd
