#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "http/endpoint.h"

namespace attestrd {

// TLS for clients, with the rules of trust, and the certificate of the server. Only few files
// include this one, because its types of Asio cost seconds of compilation.

using TcpSocket = boost::asio::ip::tcp::socket;

/// A TCP socket under TLS. It bounds what one step of OpenSSL reads, so that each step returns to
/// the event loop, and how much a server may send without any data in it: records of the
/// handshake, tickets, key updates and requests to renegotiate. It closes itself beyond that.
class TlsSocket : public TcpSocket {
 public:
  explicit TlsSocket(TcpSocket socket) : TcpSocket(std::move(socket)) {}

  /// Permits so many bytes from now on. `session` is the TLS session over this socket.
  void permit(SSL* session, std::size_t bytes) {
    session_ = session;
    last_ = BIO_number_read(SSL_get_rbio(session)) + bytes;
  }

  /// Returns whether the server has sent more than was permitted.
  bool is_over() const {
    return session_ != nullptr && BIO_number_read(SSL_get_rbio(session_)) > last_;
  }

  template <class Token>
  auto async_read_some(boost::asio::mutable_buffer buffer, Token&& token) {
    boost::system::error_code ignored;
    if (is_over()) close(ignored);
    return TcpSocket::async_read_some(boost::asio::buffer(buffer, limits::kTlsStepBytes),
                                      std::forward<Token>(token));
  }

  /// Reads at most kTlsStepBytes since rewind().
  std::size_t read_some(boost::asio::mutable_buffer buffer, boost::system::error_code& error);
  void rewind() { step_bytes_ = 0; }

 private:
  SSL* session_ = nullptr;
  std::uint64_t last_ = 0;  ///< The number of bytes after which the socket closes itself.
  std::size_t step_bytes_ = 0;
};

/// A TLS stream over a TCP socket. It is a class so that other headers can declare it.
class TlsStream : public boost::asio::ssl::stream<TlsSocket> {
 public:
  using boost::asio::ssl::stream<TlsSocket>::stream;

  /// Permits the server so many bytes of TLS without data, until the next call.
  void permit(std::size_t bytes) { next_layer().permit(native_handle(), bytes); }

  /// Returns whether the idle connection holds no data, no part of a record, and no end. Tickets
  /// and key updates, which a server may send at any time, are read here. The socket must be
  /// non-blocking.
  bool is_silent();

  /// Returns whether all received bytes were read.
  bool is_drained();
};

/// Returns the end of the validity of the server's own certificate, after the TLS handshake.
std::optional<Wall> certificate_expiry(TlsStream& stream);

/// The reason why a chain of certificates was not accepted, and the position in the chain.
struct CertificateFault {
  int reason = 0;  ///< X509_V_OK while every certificate was accepted.
  int depth = -1;
};

/// Returns the settings for all connections to one server: TLS 1.2 or later, no session cache (a
/// resumed session would skip the check of the host name), no renegotiation, no compression. Trusts
/// the certificates in `ca_file`, be they of roots, of intermediates or of the server itself, or
/// the store of the system if it is empty. All certificates are read here: a handshake reads no
/// file. If a file can't be used, the error names it.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& ca_file);

/// Returns the settings for all connections of clients to this host: TLS 1.2 or later, no sessions
/// to be resumed, no renegotiation, no compression. The file holds the certificate of this host and
/// then those of its chain, in PEM; `key` is its private key, in PEM. `key_file` is named in
/// errors.
Result<std::shared_ptr<boost::asio::ssl::context>> make_server_tls_context(
    const std::string& certificate_file, std::string_view key, const std::string& key_file);

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
