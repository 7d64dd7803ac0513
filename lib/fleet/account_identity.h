#pragma once

#include <string>
#include <string_view>

namespace attestrd {

/// Returns a text that identifies the account whose handshakes are polled: the server, and a
/// fingerprint of the client key. The token is the base64 of `key:secret`, of which the secret is
/// neither decoded nor used; of a token of another form the whole is used. The fingerprint, 64 bits
/// of a SHA-256, shows whether two daemons have the same key, and nothing of it.
std::string account_identity(std::string_view authority, std::string_view auth_token);

}  // namespace attestrd
