#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"
#include "handshake/handshake_id.h"
#include "http/endpoint.h"

namespace attestrd {

/// The request of a poll: a call of Attestr's Execution Result API. All but the id is written once.
/// It holds the token, so it wipes its memory, which never grows: no copy of the token is left.
class Request {
 public:
  /// `user_agent` is trusted text. A version or a token that a request can't carry is an error,
  /// which quotes neither.
  static Result<Request> make(const Endpoint& endpoint, std::string_view version,
                              const Secret& auth_token, std::string_view user_agent);

  Request(const Request&) = default;
  Request& operator=(const Request&) = delete;
  ~Request();

  /// The request for one handshake; the view holds until the next call.
  std::string_view text_for(const HandshakeId& id);

 private:
  Request(std::string before_id, std::size_t tail_bytes);

  std::string before_id_;
  std::string bytes_;    ///< Space for the longest beginning, then all that follows the id.
  std::size_t tail_at_;  ///< Where in `bytes_` the latter begins.
};

}  // namespace attestrd
