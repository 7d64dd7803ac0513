#include "io/certificates.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/check.h"

namespace attestrd {
namespace {

template <class Write>
std::string in_pem(Write write) {
  BIO* out = BIO_new(BIO_s_mem());
  ATTESTRD_CHECK(write(out) == 1);
  char* data = nullptr;
  const auto length = static_cast<std::size_t>(BIO_get_mem_data(out, &data));
  std::string text(data, length);
  BIO_free(out);
  return text;
}

std::string pem_of(X509* certificate) {
  return in_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return in_pem([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void add_extension(X509* certificate, int which, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, which, value.c_str());
  ATTESTRD_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* make_certificate(EVP_PKEY* key, const char* name, long serial, long valid_for_s) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), valid_for_s);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return certificate;
}

}  // namespace

CertificateAuthority::CertificateAuthority() : key_(EVP_EC_gen("P-256")) {
  own_.reset(make_certificate(key_.get(), "test authority", 1, 3600));
  X509_set_issuer_name(own_.get(), X509_get_subject_name(own_.get()));
  add_extension(own_.get(), NID_basic_constraints, "critical,CA:TRUE");
  ATTESTRD_CHECK(X509_sign(own_.get(), key_.get(), EVP_sha256()) > 0);
  certificate_ = pem_of(own_.get());
}

Identity CertificateAuthority::issue(const std::string& names, long valid_for_s) const {
  const std::unique_ptr<EVP_PKEY, Free> key(EVP_EC_gen("P-256"));
  // The common name is that of a good certificate, to test that clients ignore it.
  const std::unique_ptr<X509, Free> leaf(make_certificate(key.get(), "localhost", 2, valid_for_s));
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(own_.get()));
  if (!names.empty()) add_extension(leaf.get(), NID_subject_alt_name, names);
  ATTESTRD_CHECK(X509_sign(leaf.get(), key_.get(), EVP_sha256()) > 0);
  return {pem_of(leaf.get()), pem_of(key.get())};
}

Identity CertificateAuthority::issue_for_key(const std::string& algorithm, long valid_from_s,
                                             long valid_until_s) const {
  static long last_serial = 100;
  EVP_PKEY* made = nullptr;
  if (algorithm == "RSA")
    made = EVP_RSA_gen(2048);
  else if (algorithm == "EC")
    made = EVP_EC_gen("P-256");
  else
    made = EVP_PKEY_Q_keygen(nullptr, nullptr, algorithm.c_str());
  const std::unique_ptr<EVP_PKEY, Free> key(made);
  ATTESTRD_CHECK(key != nullptr);
  const std::unique_ptr<X509, Free> leaf(
      make_certificate(key.get(), "recipient", ++last_serial, valid_until_s));
  X509_gmtime_adj(X509_getm_notBefore(leaf.get()), valid_from_s);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(own_.get()));
  ATTESTRD_CHECK(X509_sign(leaf.get(), key_.get(), EVP_sha256()) > 0);
  return {pem_of(leaf.get()), pem_of(key.get())};
}

}  // namespace attestrd
