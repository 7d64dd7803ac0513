#include "poll/https_tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "files/posix_calls.h"

namespace attestrd {
namespace {

// Two records (RFC 8446, 5.1): most results come in that many.
constexpr std::size_t kReadBytes = 2 * SSL3_RT_MAX_PACKET_SIZE;

/// The last entry is the outermost; the first says what it was about.
unsigned long first_openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  return code;
}

std::string reason_of(unsigned long code) {
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown reason";
}

/// Why `what` can't be used.
Error openssl_error(const std::string& what, const char* advice) {
  const auto code = first_openssl_error();
  const bool is_passing = ERR_SYSTEM_ERROR(code) && may_pass(ERR_GET_REASON(code));
  return fail(is_passing ? Errc::io_failure : Errc::invalid_config,
              what + ": " + reason_of(code) + advice);
}

// OpenSSL's own socket BIO writes with write(), which raises SIGPIPE once the peer is gone.

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool is_to_be_repeated() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int send_through(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && is_to_be_repeated()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int receive_through(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto received = ::recv(socket_of(bio), data, static_cast<std::size_t>(size), 0);
  if (received < 0 && is_to_be_repeated()) BIO_set_retry_read(bio);
  if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(received);
}

long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket");
    ATTESTRD_CHECK(made != nullptr);
    BIO_meth_set_write(made, send_through);
    BIO_meth_set_read(made, receive_through);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

BIO* bio_of(int socket) {
  BIO* const bio = BIO_new(socket_method());
  ATTESTRD_CHECK(bio != nullptr);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  return bio;
}

int note_certificate(int accepted, X509_STORE_CTX* chain) {
  if (accepted == 1) return 1;
  const auto* const session =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& fault = *static_cast<CertificateFault*>(SSL_get_app_data(session));
  fault = {X509_STORE_CTX_get_error(chain), X509_STORE_CTX_get_error_depth(chain)};
  return 0;
}

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

Result<TlsContext> TlsContext::make(const std::string& ca_file) {
  TlsContext context;
  SSL_CTX* const native = SSL_CTX_new(TLS_client_method());
  ATTESTRD_CHECK(native != nullptr);
  context.native_.reset(native);
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(native, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(native, 1);  // A record and its head come with one read,
  SSL_CTX_set_default_read_buffer_len(native, kReadBytes);  // and often the next one too.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, note_certificate);
  ERR_clear_error();
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(native) == 1) return context;
    return openssl_error("the system's trust store", "");
  }
  if (SSL_CTX_load_verify_file(native, ca_file.c_str()) == 1) return context;
  return openssl_error("api.ca_file " + ca_file, "; it must hold certificates in PEM form");
}

std::string describe(const CertificateFault& fault) {
  return X509_verify_cert_error_string(fault.reason);
}

void TlsSession::Free::operator()(SSL* session) const { SSL_free(session); }

std::unique_ptr<TlsSession> TlsSession::make(const TlsContext& context, const Endpoint& endpoint,
                                             int socket) {
  SSL* const native = SSL_new(context.native_.get());
  ATTESTRD_CHECK(native != nullptr);
  std::unique_ptr<TlsSession> session(new TlsSession(native));
  BIO* const bio = bio_of(socket);
  SSL_set_bio(native, bio, bio);
  SSL_set_connect_state(native);
  SSL_set_app_data(native, &session->certificate_fault_);
  if (!session->expect(endpoint)) return nullptr;
  return session;
}

bool TlsSession::expect(const Endpoint& endpoint) {
  SSL* const native = native_.get();
  const char* const host = endpoint.host.c_str();
  SSL_set_hostflags(native,
                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (endpoint.host.empty()) return false;  // an empty host would be any host
  if (endpoint.is_address()) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native), host) == 1;
  }
  return SSL_set1_host(native, host) == 1 && SSL_set_tlsext_host_name(native, host) == 1;
}

TlsSession::Step TlsSession::handshake() {
  ERR_clear_error();
  return step_of(SSL_do_handshake(native_.get()));
}

TlsSession::Step TlsSession::write(std::string_view& unsent) {
  while (!unsent.empty()) {
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(native_.get(), unsent.data(), unsent.size(), &count);
    if (result != 1) return step_of(result);
    unsent.remove_prefix(count);
  }
  return Step::done;
}

TlsSession::Step TlsSession::read(std::span<char> room, std::size_t& count) {
  ERR_clear_error();
  return step_of(SSL_read_ex(native_.get(), room.data(), room.size(), &count));
}

bool TlsSession::is_quiet() const { return SSL_has_pending(native_.get()) == 0; }

TlsSession::Step TlsSession::step_of(int result) {
  if (result == 1) return Step::done;
  const int system_error = errno;
  switch (SSL_get_error(native_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Step::wants_read;
    case SSL_ERROR_WANT_WRITE: return Step::wants_write;
    case SSL_ERROR_ZERO_RETURN: trouble_ = "the server ended the connection"; return Step::ended;
    case SSL_ERROR_SYSCALL:
      trouble_ = system_error != 0 ? std::strerror(system_error) : "the connection broke off";
      ERR_clear_error();
      return Step::ended;
    default: trouble_ = reason_of(first_openssl_error()); return Step::failed;
  }
}

}  // namespace attestrd
