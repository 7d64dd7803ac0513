#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attestrd::fuzz {

/// An HTTP/1.x response by the letter of RFC 9112.
struct HttpMessage {
  unsigned status = 0;
  bool is_http_1_1 = false;
  std::vector<std::pair<std::string, std::string>> fields;  ///< Names in lower case.
  std::string body;

  /// The values of a field, in their order.
  std::vector<std::string> values(std::string_view name) const;
};

/// The second opinion on the framing: takes a text that is one response from its first to its last
/// byte, of which a client can tell where it ends: exactly one Content-Length of digits or exactly
/// one `Transfer-Encoding: chunked`, unless its status says that it has no body.
std::optional<HttpMessage> read_http_message(std::string_view text);

}  // namespace attestrd::fuzz
