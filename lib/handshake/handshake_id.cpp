#include "handshake/handshake_id.h"

#include <algorithm>

#include "base/text.h"

namespace attestrd {
namespace {

constexpr CharSet kAllowed = kLettersAndDigits | CharSet("_-");

}  // namespace

std::optional<HandshakeId> HandshakeId::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxLength) return std::nullopt;
  if (!kAllowed.contains_all(text)) return std::nullopt;
  HandshakeId id;
  std::copy(text.begin(), text.end(), id.text_.begin());
  id.length_ = static_cast<std::uint8_t>(text.size());
  return id;
}

}  // namespace attestrd
