#include "poll/https_tls.h"

#include <boost/asio/ssl/verify_context.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

namespace attestrd {
namespace {

namespace ssl = boost::asio::ssl;

/// The last entry is the outermost; the first says what it was about.
std::string first_openssl_reason() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) {
    return boost::system::error_code(ERR_GET_REASON(code), boost::system::system_category())
        .message();
  }
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown reason";
}

}  // namespace

Result<ssl::context> make_tls_context(const std::string& ca_file) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  ERR_clear_error();
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(native) == 1) return context;
    return fail(Errc::invalid_config, "the system's trust store: " + first_openssl_reason());
  }
  if (SSL_CTX_load_verify_file(native, ca_file.c_str()) == 1) return context;
  return fail(Errc::invalid_config, "api.ca_file " + ca_file + ": " + first_openssl_reason() +
                                        "; it must hold certificates in PEM form");
}

bool expect_host(TlsStream& stream, const Endpoint& endpoint, CertificateFault& fault) {
  boost::system::error_code error;
  stream.set_verify_callback(
      [&fault](bool accepted, ssl::verify_context& chain) {
        const int reason = X509_STORE_CTX_get_error(chain.native_handle());
        const int depth = X509_STORE_CTX_get_error_depth(chain.native_handle());
        if (!accepted) fault = {reason, depth};
        return accepted;
      },
      error);

  SSL* native = stream.native_handle();
  const char* host = endpoint.host.c_str();
  SSL_set_hostflags(native,
                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (error || endpoint.host.empty()) return false;  // an empty host would be any host
  if (endpoint.is_address()) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native), host) == 1;
  }
  return SSL_set1_host(native, host) == 1 && SSL_set_tlsext_host_name(native, host) == 1;
}

std::string describe(const CertificateFault& fault) {
  return X509_verify_cert_error_string(fault.reason);
}

}  // namespace attestrd
