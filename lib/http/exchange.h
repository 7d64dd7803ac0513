#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace attestrd {

// How a request over HTTP can end: with a response, or with a failure of the transport.

/// A complete, well-framed HTTP/1.1 response. Views into the buffer of its reader.
struct HttpResponse {
  unsigned status = 0;
  std::string_view retry_after;       ///< The field's value; empty: absent.
  std::string_view date;              ///< Likewise.
  std::string_view content_encoding;  ///< Likewise.
  std::string_view body;
};

/// A request that brought no response we can read.
struct TransportFailure {
  enum class Kind : std::uint8_t {
    resolve,      ///< DNS gave no address.
    connect,      ///< Refused, unreachable, or no connection within `connect_timeout`.
    tls,          ///< The handshake failed for another reason than the certificate.
    certificate,  ///< The certificate is not one for this host that we trust now.
    timeout,      ///< No complete answer within `request_timeout`.
    reset,        ///< The connection ended before the answer was complete.
    framing,      ///< The answer is not HTTP/1.1 that we accept.
    too_large,    ///< The answer is larger than `max_response`.
  };
  Kind kind{};
  std::string detail;          ///< What the system or the library said; never a byte of an answer.
  int certificate_depth = -1;  ///< Kind::certificate: where in the chain; 0 is the server's own.
};

std::string_view name_of(TransportFailure::Kind kind);

}  // namespace attestrd
