#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/secret_memory.h"
#include "handshake/handshake_id.h"
#include "http/endpoint.h"

namespace attestrd {

/// The request of a poll: a call of Attestr's Execution Result API. All parts but the id are
/// written once. It holds the token, so it lies in the memory for secrets.
class Request {
 public:
  /// Returns a request, or an error if it can't carry the version or the token. The error quotes
  /// neither. `user_agent` is trusted text.
  static Result<Request> make(const Endpoint& endpoint, std::string_view version,
                              const Secret& auth_token, std::string_view user_agent);

  /// Returns the request for one handshake; the view holds until the next call.
  std::string_view text_for(const HandshakeId& id);

 private:
  Request(std::string before_id, std::size_t tail_bytes);

  std::string before_id_;
  SecretBytes bytes_;    ///< Space for the longest beginning, then the tail that follows the id.
  std::size_t tail_at_;  ///< The position of the tail in `bytes_`.
};

}  // namespace attestrd
