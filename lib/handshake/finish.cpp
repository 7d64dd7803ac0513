#include "handshake/finish.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/hmac.h"

namespace attestrd {

std::string_view name_of(SigningForm form) {
  switch (form) {
    case SigningForm::raw: return "raw";
    case SigningForm::compact: return "compact";
    case SigningForm::stringify: return "stringify";
  }
  check_failed("a signing form has a name", __FILE__, __LINE__);
}

std::optional<SignaturePrefix> signature_prefix(std::string_view hex) {
  const auto digest = parse_digest(hex);
  if (!digest) return std::nullopt;
  SignaturePrefix prefix;
  std::ranges::copy_n(digest->begin(), prefix.size(), prefix.begin());
  return prefix;
}

}  // namespace attestrd
