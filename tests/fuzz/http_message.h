#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attestrd::fuzz {

/// An HTTP/1.x response, parsed by RFC 9112 as a client must.
struct HttpMessage {
  unsigned status = 0;
  bool is_http_1_1 = false;
  std::vector<std::pair<std::string, std::string>> fields;  ///< Names in lower case.
  std::string body;

  /// Returns the values of a field in their order.
  std::vector<std::string> values(std::string_view name) const;
};

/// Parses a response independently of lib/. Accepts a text that is one response from its first to
/// its last byte, after interim responses and empty lines, and whose end a client can determine:
/// Content-Lengths that are the same number, or exactly one transfer coding, `chunked`, unless its
/// status excludes a body.
std::optional<HttpMessage> read_http_message(std::string_view text);

}  // namespace attestrd::fuzz
