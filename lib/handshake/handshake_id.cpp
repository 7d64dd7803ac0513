#include "handshake/handshake_id.h"

#include <algorithm>

namespace attestrd {
namespace {

bool is_allowed(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

std::optional<HandshakeId> HandshakeId::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxLength) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), is_allowed)) return std::nullopt;
  HandshakeId id;
  std::copy(text.begin(), text.end(), id.text_.begin());
  id.length_ = static_cast<std::uint8_t>(text.size());
  return id;
}

}  // namespace attestrd
