#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <string>

#include "base/result.h"
#include "http/endpoint.h"

namespace attestrd {

// TLS as a client speaks it: what is trusted and what is refused. Included by few files only: the
// types of Asio that stand here cost seconds of compilation.

using TcpSocket = boost::asio::ip::tcp::socket;

/// TLS over a TCP socket. It is a class so that other headers can declare it.
class TlsStream : public boost::asio::ssl::stream<TcpSocket> {
 public:
  using boost::asio::ssl::stream<TcpSocket>::stream;

  /// Whether no byte was received that was not read.
  bool is_drained();
};

/// Where and why a chain of certificates was not accepted.
struct CertificateFault {
  int reason = 0;  ///< X509_V_OK while every certificate was accepted.
  int depth = -1;
};

/// Settings for all connections to one server: TLS 1.2 or later, no session cache (a resumed
/// session would skip the check of the host name), no renegotiation, no compression. Trusts
/// `ca_file`, or the store of the system if that is empty. A file that can't be used is an error
/// that names it.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& ca_file);

/// A stream whose TLS handshake succeeds only with a server that proves to be `endpoint`, and that
/// writes to `fault`, which must outlive the handshake, why a certificate was not accepted. Null:
/// OpenSSL does not accept the host name.
std::unique_ptr<TlsStream> make_tls_stream(TcpSocket socket, boost::asio::ssl::context& context,
                                           const Endpoint& endpoint, CertificateFault& fault);

/// What OpenSSL calls the reason, e.g. "certificate has expired".
std::string describe(const CertificateFault& fault);

/// What the system or OpenSSL says of an error of a stream.
std::string describe(const boost::system::error_code& error);

}  // namespace attestrd
