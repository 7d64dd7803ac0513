#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <string>

#include "base/result.h"
#include "http/endpoint.h"

namespace attestrd {

// TLS for clients, with the rules of trust. Only few files include this one, because its types of
// Asio cost seconds of compilation.

using TcpSocket = boost::asio::ip::tcp::socket;

/// A TLS stream over a TCP socket. It is a class so that other headers can declare it.
class TlsStream : public boost::asio::ssl::stream<TcpSocket> {
 public:
  using boost::asio::ssl::stream<TcpSocket>::stream;

  /// Returns whether all received bytes were read.
  bool is_drained();
};

/// The reason why a chain of certificates was not accepted, and the position in the chain.
struct CertificateFault {
  int reason = 0;  ///< X509_V_OK while every certificate was accepted.
  int depth = -1;
};

/// Returns the settings for all connections to one server: TLS 1.2 or later, no session cache (a
/// resumed session would skip the check of the host name), no renegotiation, no compression. Trusts
/// the certificates in `ca_file`, or the store of the system if it is empty. If a file can't be
/// used, the error names it.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& ca_file);

/// Returns a stream whose TLS handshake succeeds only with a server that proves to be `endpoint`,
/// or null if OpenSSL does not accept the host name. If a certificate is not accepted, the
/// handshake writes the reason to `fault`, which must outlive it.
std::unique_ptr<TlsStream> make_tls_stream(TcpSocket socket, boost::asio::ssl::context& context,
                                           const Endpoint& endpoint, CertificateFault& fault);

/// Returns the name that OpenSSL gives the reason, e.g. "certificate has expired".
std::string describe(const CertificateFault& fault);

/// Returns the message of the system or of OpenSSL for an error of a stream.
std::string describe(const boost::system::error_code& error);

}  // namespace attestrd
