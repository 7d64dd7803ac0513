#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <string>

#include "base/result.h"
#include "poll/endpoint.h"

namespace attestrd {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

/// TLS 1.2 or later, no session cache (a resumed session would skip the check of the host), no
/// renegotiation, no compression. Trusts `ca_file`, or the system's store if that is empty. A file
/// that can't be used is an error that names it.
Result<boost::asio::ssl::context> make_tls_context(const std::string& ca_file);

/// Where and why a chain of certificates was not accepted.
struct CertificateFault {
  int reason = 0;  ///< X509_V_OK as long as it was.
  int depth = -1;
};

/// Makes the handshake on `stream` hold only with a server that proves to be `endpoint`, and tells
/// it which host is meant. `fault` is filled during the handshake and must live as long. False when
/// OpenSSL does not take the host; then no handshake may be made.
[[nodiscard]] bool expect_host(TlsStream& stream, const Endpoint& endpoint,
                               CertificateFault& fault);

/// What OpenSSL calls the reason, e.g. "certificate has expired".
std::string describe(const CertificateFault& fault);

}  // namespace attestrd
