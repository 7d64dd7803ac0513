#pragma once

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace attestrd {

// The two outcomes of a request over HTTP: a response, or a failure of the transport.

/// A complete, well-framed HTTP/1.1 response. Its members are views into the buffer of its reader.
struct HttpResponse {
  unsigned status = 0;
  std::string_view retry_after;       ///< The value of the field; empty if it is absent.
  std::string_view date;              ///< Likewise.
  std::string_view content_encoding;  ///< Likewise.
  std::string_view body;
};

/// A request without a readable response.
struct TransportFailure {
  enum class Kind : std::uint8_t {
    resolve,      ///< DNS gave no address.
    connect,      ///< Refused, unreachable, or no connection within `connect_timeout`.
    tls,          ///< The TLS handshake failed for another reason than the certificate.
    certificate,  ///< The certificate is not trusted, not valid now, or not for this host.
    proxy,        ///< The proxy refused the tunnel to the server, or gave no answer of HTTP.
    timeout,      ///< No complete answer within `request_timeout`.
    reset,        ///< The connection ended before the answer was complete.
    framing,      ///< The answer is not acceptable HTTP/1.1.
    too_large,    ///< The answer is larger than `max_response`.
    shortage,     ///< No descriptor, memory or thread was free here.
  };
  Kind kind{};
  std::string detail;          ///< The message of the system or a library; no byte of an answer.
  int certificate_depth = -1;  ///< Position in the chain for Kind::certificate; 0 is the server's.
};

/// Returns whether an error of a connection or a look-up means Kind::shortage.
bool is_shortage(const boost::system::error_code& error);

std::string_view name_of(TransportFailure::Kind kind);

}  // namespace attestrd
