#include "daemon/control/hints/hint_request.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "json/json_object.h"

namespace attestrd {

std::optional<HandshakeId> handshake_of_hint(std::string_view body) {
  std::array<JsonMember, 2> hint{{{"event"}, {"payload"}}};
  if (scan_object(body, hint) != JsonFault::none) return std::nullopt;
  const auto& [event, payload] = hint;
  if (event.kind != JsonKind::string || payload.kind != JsonKind::object) return std::nullopt;
  std::array<JsonMember, 1> id{{{"_id"}}};
  if (scan_object(payload.text, id) != JsonFault::none) return std::nullopt;
  if (id.front().kind != JsonKind::string) return std::nullopt;
  return HandshakeId::parse(id.front().text);
}

bool HintToken::is_in(std::string_view authorization) const {
  constexpr std::string_view kScheme = "Basic ";
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return false;
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  const auto digest = sha256_of(authorization);
  return CRYPTO_memcmp(digest.data(), digest_.data(), digest_.size()) == 0;
}

}  // namespace attestrd
