#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/sealer.h"

namespace attestrd {

/// Encrypts with AES-256-GCM (AuthEnvelopedData, RFC 5083) under a random key, which is encrypted
/// to each certificate: by RSA-OAEP with SHA-256, or by ECDH with AES-256 key wrap. The owner of
/// any of the private keys decrypts it with `openssl cms -decrypt`.
///
/// Any thread may seal, one at a time.
class OpensslSealer : public Sealer {
 public:
  /// `certificates` is the text of a file of X.509 certificates in PEM. Each is tried once. Errors:
  /// `invalid_config`, with a sentence that goes on after the name of the file.
  static Result<std::shared_ptr<const OpensslSealer>> make(std::string_view certificates);

  Result<void> seal(std::string_view text, const Sink& sink) const override;

  std::size_t recipients() const { return certificates_.size(); }

  /// Returns a sentence for each certificate that is not valid at `now`. Sealing to it works all
  /// the same.
  std::vector<std::string> doubts(Wall now) const;

 private:
  struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Certificates = std::vector<std::unique_ptr<X509, Free>>;

  explicit OpensslSealer(Certificates certificates) : certificates_(std::move(certificates)) {}

  static Result<Certificates> read(std::string_view text);
  static Result<void> try_out(X509* certificate);
  static Result<void> seal_to(const Certificates& certificates, std::string_view text,
                              const Sink& sink);

  Certificates certificates_;
};

/// Decrypts with a private key.
class OpensslUnsealer : public Unsealer {
 public:
  /// `key` is the text of a file with a private key in PEM. OpenSSL asks on the terminal for the
  /// passphrase of a key that has one. Error: `invalid_input`, with a sentence that goes on after
  /// the name of the file.
  static Result<std::unique_ptr<OpensslUnsealer>> make(std::string_view key);

  Result<std::string> unseal(std::string_view pem) const override;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };

  explicit OpensslUnsealer(EVP_PKEY* key) : key_(key) {}

  std::unique_ptr<EVP_PKEY, Free> key_;
};

}  // namespace attestrd
