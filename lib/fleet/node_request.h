#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "handshake/handshake_id.h"

namespace attestrd {

/// An operator's command for a handshake that another node polls.
enum class RequestVerb : std::uint8_t { hold, release, cancel, kick };

std::string_view name_of(RequestVerb verb);
std::optional<RequestVerb> request_verb(std::string_view name);

/// A request of an operator at another node for a handshake whose shelf belongs to this one.
struct NodeRequest {
  std::int64_t number = 0;  ///< Later requests for the same handshake have greater ones.
  HandshakeId id;
  RequestVerb verb{};
  /// The handshake is pending, and it is the attempt for which it was asked. Otherwise nothing is
  /// left to do.
  bool is_pending = false;
};

}  // namespace attestrd
