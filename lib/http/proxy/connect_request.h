#pragma once

#include <string_view>

#include "crypto/secret_memory.h"
#include "http/endpoint.h"

namespace attestrd {

/// Returns the request for a tunnel to a server (RFC 9110, 9.3.6). `credentials` are
/// `USER:PASSWORD` for the proxy, sent by the scheme Basic (RFC 7617); empty: none. They must not
/// contain control characters.
SecretBytes connect_request(const Endpoint& server, std::string_view credentials);

}  // namespace attestrd
