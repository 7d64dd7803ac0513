#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/endpoint.h"

namespace attestrd {

/// What all sessions share: whom we trust, and what we refuse.
class TlsContext {
 public:
  /// TLS 1.2 or later, no session cache (a resumed session would skip the check of the host), no
  /// renegotiation, no compression. Trusts `ca_file`, or the system's store if that is empty. A
  /// file that can't be used is an error that names it.
  static Result<TlsContext> make(const std::string& ca_file);

 private:
  friend class TlsSession;

  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  std::unique_ptr<SSL_CTX, Free> native_;
};

/// Where and why a chain of certificates was not accepted.
struct CertificateFault {
  int reason = 0;  ///< X509_V_OK as long as it was.
  int depth = -1;
};

/// What OpenSSL calls the reason, e.g. "certificate has expired".
std::string describe(const CertificateFault& fault);

/// TLS on one connected socket that never blocks. OpenSSL reads and writes the socket itself: no
/// copy, no buffer and no system call between the two that a request and its answer need.
class TlsSession {
 public:
  /// How far a step came. `wants_…`: again once the socket is ready for it.
  enum class Step : std::uint8_t { done, wants_read, wants_write, ended, failed };

  /// A handshake that holds only with a server that proves to be `endpoint`, which is told which
  /// host is meant. Nothing: OpenSSL does not take the host. The session does not own `socket`.
  static std::unique_ptr<TlsSession> make(const TlsContext& context, const Endpoint& endpoint,
                                          int socket);

  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Step handshake();

  /// Takes what was sent off the front of `unsent`. `done`: all of it.
  Step write(std::string_view& unsent);

  /// `done`: `count` bytes, at least one, stand in `room`.
  Step read(std::span<char> room, std::size_t& count);

  /// Whether OpenSSL holds nothing that was not read.
  bool is_quiet() const;

  /// After `failed` or `ended`: what the library or the system said.
  const std::string& trouble() const { return trouble_; }
  const CertificateFault& certificate_fault() const { return certificate_fault_; }

 private:
  struct Free {
    void operator()(SSL* session) const;
  };

  explicit TlsSession(SSL* native) : native_(native) {}
  bool expect(const Endpoint& endpoint);
  Step step_of(int result);

  std::unique_ptr<SSL, Free> native_;
  CertificateFault certificate_fault_;
  std::string trouble_;
};

}  // namespace attestrd
