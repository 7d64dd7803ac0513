#include "crypto/fingerprint.h"

namespace attestrd {

Fingerprint fingerprint_of(std::string_view bytes) { return {bytes.size(), sha256_of(bytes)}; }

}  // namespace attestrd
