#pragma once

#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace attestrd {

/// A certificate and its private key, both in PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

/// A certificate authority that issues certificates at run time.
class CertificateAuthority {
 public:
  CertificateAuthority();

  /// Returns a certificate for `names`, in OpenSSL's notation: "DNS:localhost,IP:127.0.0.1". It is
  /// valid from an hour ago until `valid_for_s` from now.
  Identity issue(const std::string& names, long valid_for_s = 3600) const;

  /// Returns a certificate for a new key of `algorithm`: "RSA", "EC" or "ED25519". Each has another
  /// serial number. Its validity begins and ends so many seconds from now.
  Identity issue_for_key(const std::string& algorithm, long valid_from_s = -3600,
                         long valid_until_s = 3600) const;

  const std::string& certificate() const { return certificate_; }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };

  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> own_;
  std::string certificate_;
};

}  // namespace attestrd
