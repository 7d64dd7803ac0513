#include "http/https_tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/verify_context.hpp>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string_view>
#include <utility>

#include "files/posix_reader.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using boost::system::error_code;

/// The error after which a non-blocking socket has nothing more to read.
const error_code kNothingMore = asio::error::would_block;

bool has_received(int socket) {
  char byte = 0;
  return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != -1 ||
         (errno != EAGAIN && errno != EWOULDBLOCK);
}

/// Returns the file of the system's trust store. OpenSSL alone would also read the certificates of
/// a folder, one by one when a handshake needs them.
std::string system_store() {
  const char* const named = ::secure_getenv(X509_get_default_cert_file_env());
  if (named != nullptr && *named != '\0') return named;
  const std::string usual = X509_get_default_cert_file();
  if (::access(usual.c_str(), R_OK) == 0) return usual;
  // Debian's ca-certificates keeps the file in the folder, and not every OpenSSL has a link to it.
  return std::string(X509_get_default_cert_dir()) + "/ca-certificates.crt";
}

std::string reason_of(unsigned long code) {
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown reason";
}

/// Returns the error that `what` can't be used. The first error in OpenSSL's queue is the cause.
Error openssl_error(const std::string& what, const char* advice) {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const auto kind =
      ERR_SYSTEM_ERROR(code) ? code_of_unread(ERR_GET_REASON(code)) : Errc::invalid_config;
  return fail(kind, what + ": " + reason_of(code) + advice);
}

/// Sets the host that the certificate must name. Without one OpenSSL would accept the certificate
/// of any host. Returns false if there is no host or OpenSSL does not accept it.
bool expect_host(SSL* session, const Endpoint& endpoint) {
  const char* const host = endpoint.host.c_str();
  SSL_set_hostflags(session,
                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (endpoint.host.empty()) return false;
  if (endpoint.is_address()) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1;
  }
  return SSL_set1_host(session, host) == 1 && SSL_set_tlsext_host_name(session, host) == 1;
}

}  // namespace

std::size_t TlsSocket::read_some(asio::mutable_buffer buffer, error_code& error) {
  const auto room = limits::kTlsStepBytes - step_bytes_;
  if (room == 0) {
    error = kNothingMore;
    return 0;
  }
  const auto count = TcpSocket::read_some(asio::buffer(buffer, room), error);
  step_bytes_ += count;
  return count;
}

bool TlsStream::is_silent() {
  const int socket = next_layer().native_handle();
  if (!has_received(socket)) return is_drained();
  next_layer().rewind();
  char byte = 0;
  error_code error;
  read_some(asio::buffer(&byte, 1), error);
  return error == kNothingMore && !has_received(socket) && is_drained() && !next_layer().is_over();
}

bool TlsStream::is_drained() {
  SSL* const session = native_handle();
  // A header of a record that was read without its body (5 bytes) counts as pending nowhere, but
  // OpenSSL is in the state of reading a body then.
  const bool is_between_records = std::string_view(SSL_rstate_string(session)) == "RH";
  return is_between_records && SSL_has_pending(session) == 0 &&
         BIO_pending(SSL_get_rbio(session)) == 0;
}

std::optional<Wall> certificate_expiry(TlsStream& stream) {
  const X509* const certificate = SSL_get0_peer_certificate(stream.native_handle());
  std::tm time{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1)
    return std::nullopt;  // Never: a handshake without a certificate that can be read fails.
  return Wall(std::chrono::seconds(::timegm(&time)));
}

Result<std::shared_ptr<ssl::context>> make_tls_context(const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  ERR_clear_error();
  if (ca_file.empty()) {
    const auto store = system_store();
    if (SSL_CTX_load_verify_file(native, store.c_str()) == 1) return context;
    return openssl_error("the system's trust store " + store, "");
  }
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native), X509_V_FLAG_PARTIAL_CHAIN);
  if (SSL_CTX_load_verify_file(native, ca_file.c_str()) == 1) return context;
  return openssl_error("api.ca_file " + ca_file, "; it must hold certificates in PEM form");
}

Result<std::shared_ptr<ssl::context>> make_server_tls_context(const std::string& certificate_file,
                                                              std::string_view key,
                                                              const std::string& key_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(native, certificate_file.c_str()) != 1)
    return openssl_error(certificate_file,
                         "; it must hold the certificate of this host in PEM form");
  // A key with a password can't be read: a daemon has no terminal to ask for it.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> private_key(
      PEM_read_bio_PrivateKey(text.get(), nullptr, no_password, nullptr), EVP_PKEY_free);
  if (!private_key || SSL_CTX_use_PrivateKey(native, private_key.get()) != 1)
    return openssl_error(key_file, "; it must hold the private key of the certificate in PEM form");
  return context;
}

std::unique_ptr<TlsStream> make_tls_stream(TcpSocket socket, ssl::context& context,
                                           const Endpoint& endpoint, CertificateFault& fault) {
  auto stream = std::make_unique<TlsStream>(TlsSocket(std::move(socket)), context);
  stream->permit(limits::kTlsHandshakeBytes);
  // Asio sets a mode in which OpenSSL frees its buffers whenever they are empty: twice per request.
  SSL_clear_mode(stream->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  stream->set_verify_callback([&fault](bool is_accepted, ssl::verify_context& chain) {
    X509_STORE_CTX* const native = chain.native_handle();
    if (!is_accepted) {
      fault = {X509_STORE_CTX_get_error(native), X509_STORE_CTX_get_error_depth(native)};
    }
    return is_accepted;
  });
  if (!expect_host(stream->native_handle(), endpoint)) return nullptr;
  return stream;
}

std::string describe(const CertificateFault& fault) {
  return X509_verify_cert_error_string(fault.reason);
}

std::string describe(const error_code& error) {
  if (error == asio::error::eof) return "the server ended the connection";
  if (error == ssl::error::stream_truncated) return "unexpected eof while reading";
  if (error.category() != asio::error::get_ssl_category()) return error.message();
  return reason_of(static_cast<unsigned long>(error.value()));
}

}  // namespace attestrd
