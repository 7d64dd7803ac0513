#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/sha256.h"

namespace attestrd {

/// The length and digest of a record. Recovery compares them with the file that it finds.
struct Fingerprint {
  std::uint64_t length_bytes = 0;
  Sha256Digest sha256{};

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

Fingerprint fingerprint_of(std::string_view bytes);

}  // namespace attestrd
