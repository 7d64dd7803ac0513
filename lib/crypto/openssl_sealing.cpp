#include "crypto/openssl_sealing.h"

#include <fmt/format.h>
#include <openssl/pem.h>  // First: without it, the next one declares no PEM_read_bio_CMS().

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <chrono>
#include <ctime>
#include <limits>
#include <new>
#include <utility>

namespace attestrd {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CMS-----\n";
constexpr std::string_view kEnd = "-----END CMS-----\n";
constexpr unsigned kFlags = CMS_BINARY | CMS_STREAM | CMS_PARTIAL;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(CMS_ContentInfo* cms) const { CMS_ContentInfo_free(cms); }
};
using BioPointer = std::unique_ptr<BIO, Free>;
using CmsPointer = std::unique_ptr<CMS_ContentInfo, Free>;

/// The first error that OpenSSL has noted. Forgets all of them.
struct Fault {
  std::string reason = "no reason is known";
  bool is_shortage = false;  ///< One of them is a lack of memory.
};

Fault take_fault() {
  Fault fault;
  for (bool is_first = true; const auto error = ERR_get_error(); is_first = false) {
    const char* const reason = ERR_reason_error_string(error);
    if (is_first && reason != nullptr) fault.reason = reason;
    fault.is_shortage |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
  }
  return fault;
}

/// Where a BIO of receiver_bio() writes.
struct Receiver {
  const Sealer::Sink& sink;
  bool is_short = false;  ///< The sink had not enough memory.
};

int receive(BIO* bio, const char* data, int length) {
  auto& receiver = *static_cast<Receiver*>(BIO_get_data(bio));
  if (receiver.is_short) return -1;
  try {
    receiver.sink({data, static_cast<std::size_t>(length)});
  } catch (const std::bad_alloc&) {  // No exception may pass through OpenSSL.
    receiver.is_short = true;
    return -1;
  }
  return length;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* make_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "receiver");
  if (method == nullptr) return nullptr;
  BIO_meth_set_write(method, receive);
  BIO_meth_set_ctrl(method, control);
  return method;
}

/// Returns a BIO that passes all that is written to the receiver, or null for lack of memory.
BioPointer receiver_bio(Receiver& receiver) {
  static BIO_METHOD* const method = make_method();
  BioPointer bio(method == nullptr ? nullptr : BIO_new(method));
  if (!bio) return bio;
  BIO_set_data(bio.get(), &receiver);
  BIO_set_init(bio.get(), 1);
  return bio;
}

/// Returns a BIO that reads the text, or null for lack of memory or if the text is too long.
BioPointer text_bio(std::string_view text) {
  if (text.size() > std::numeric_limits<int>::max()) return nullptr;
  // OpenSSL takes no null pointer, not even for an empty text.
  const char* const begin = text.empty() ? "" : text.data();
  return BioPointer(BIO_new_mem_buf(begin, static_cast<int>(text.size())));
}

Error seal_error(bool is_short) {
  const Fault fault = take_fault();
  if (is_short || fault.is_shortage)
    return fail(Errc::shortage, "no memory to encrypt an answer (spool.seal_to)");
  return fail(Errc::io_failure,
              fmt::format("an answer can't be encrypted (spool.seal_to): {}", fault.reason));
}

bool add_recipient(CMS_ContentInfo* cms, X509* certificate) {
  CMS_RecipientInfo* const info = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
  if (info == nullptr) return false;
  EVP_PKEY_CTX* const context = CMS_RecipientInfo_get0_pkey_ctx(info);
  if (EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_EC)
    return EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) > 0;
  // PKCS #1 v1.5 is no choice: with its padding, a key that is not the right one may seem to fit.
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0;
}

bool write_all(BIO* bio, std::string_view text) {
  while (!text.empty()) {
    std::size_t written = 0;
    if (BIO_write_ex(bio, text.data(), text.size(), &written) != 1 || written == 0) return false;
    text.remove_prefix(written);
  }
  return true;
}

/// Writes the text through the filters that encrypt it. PEM_write_bio_CMS_stream() would do the
/// same, but ignores errors of its writes, and so might leave out a part of the text.
bool write_sealed(CMS_ContentInfo* cms, std::string_view text, BIO* receiver) {
  const BioPointer base64(BIO_new(BIO_f_base64()));
  if (!base64 || !write_all(receiver, kBegin)) return false;
  BIO_push(base64.get(), receiver);
  BIO* const filters = BIO_new_CMS(base64.get(), cms);
  bool is_written = filters != nullptr && write_all(filters, text) && BIO_flush(filters) == 1;
  for (BIO* filter = filters; filter != nullptr && filter != base64.get();) {
    BIO* const next = BIO_pop(filter);
    BIO_free(filter);
    filter = next;
  }
  is_written = is_written && BIO_flush(base64.get()) == 1;
  BIO_pop(base64.get());
  return is_written && write_all(receiver, kEnd);
}

Error refuse(std::string why) { return fail(Errc::invalid_config, std::move(why)); }

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

bool is_of_kind(EVP_PKEY* key, int kind) { return EVP_PKEY_get_base_id(key) == kind; }

}  // namespace

Result<std::shared_ptr<const OpensslSealer>> OpensslSealer::make(std::string_view text) {
  ERR_clear_error();
  auto certificates = read(text);
  if (!certificates) return certificates.error();
  for (std::size_t i = 0; i < certificates->size(); ++i)
    if (const auto tried = try_out((*certificates)[i].get()); !tried)
      return refuse(fmt::format("certificate {} {}", i + 1, tried.error().message));
  return std::shared_ptr<const OpensslSealer>(new OpensslSealer(std::move(*certificates)));
}

Result<OpensslSealer::Certificates> OpensslSealer::read(std::string_view text) {
  if (text.find("PRIVATE KEY-----") != text.npos)
    return refuse(
        "holds a private key, with which the daemon could open the answers: leave only "
        "the certificates there, and keep the key on another machine");
  const auto input = text_bio(text);
  if (!input) return refuse("can't be parsed: no memory");
  Certificates certificates;
  while (X509* const certificate = PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr))
    certificates.emplace_back(certificate);
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const auto number = certificates.size() + 1;
  const auto fault = take_fault();
  if (!is_at_end) return refuse(fmt::format("certificate {} is damaged: {}", number, fault.reason));
  if (certificates.empty())
    return refuse(
        "holds no certificate in PEM: put the X.509 certificates of the recipients "
        "there, each from BEGIN CERTIFICATE to END CERTIFICATE");
  // A certificate whose first line is misspelled would be skipped, and its owner locked out.
  if (count_of(text, "BEGIN ") != certificates.size())
    return refuse(
        "holds something else beside the certificates: leave only blocks from BEGIN "
        "CERTIFICATE to END CERTIFICATE there");
  return certificates;
}

/// Returns an error, with a message to be read after the number of the certificate, if nothing can
/// be encrypted to it.
Result<void> OpensslSealer::try_out(X509* certificate) {
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  if (key == nullptr)
    return refuse(fmt::format("has a key that OpenSSL can't use: {}", take_fault().reason));
  if (!is_of_kind(key, EVP_PKEY_RSA) && !is_of_kind(key, EVP_PKEY_EC)) {
    const char* const kind = EVP_PKEY_get0_type_name(key);
    return refuse(
        fmt::format("has a key of the type {}, to which nothing can be encrypted: use a "
                    "certificate with an RSA or EC key",
                    kind == nullptr ? "unknown" : kind));
  }
  Certificates alone;
  X509_up_ref(certificate);
  alone.emplace_back(certificate);
  const auto sealed = seal_to(alone, "{}", [](std::string_view) {});
  if (!sealed)
    return refuse(
        "has a key to which nothing can be encrypted: use one with an RSA key of 2048 "
        "bits or more, or with an EC key of a common curve");
  return {};
}

Result<void> OpensslSealer::seal(std::string_view text, const Sink& sink) const {
  return seal_to(certificates_, text, sink);
}

Result<void> OpensslSealer::seal_to(const Certificates& certificates, std::string_view text,
                                    const Sink& sink) {
  ERR_clear_error();
  Receiver receiver{sink};
  const auto output = receiver_bio(receiver);
  const CmsPointer cms(CMS_encrypt(nullptr, nullptr, EVP_aes_256_gcm(), kFlags));
  if (!output || !cms) return seal_error(!output);
  for (const auto& certificate : certificates)
    if (!add_recipient(cms.get(), certificate.get())) return seal_error(false);
  if (!write_sealed(cms.get(), text, output.get())) return seal_error(receiver.is_short);
  return {};
}

std::vector<std::string> OpensslSealer::doubts(Wall now) const {
  constexpr std::string_view kAllTheSame = "; answers are sealed to it all the same";
  std::time_t time = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::vector<std::string> doubts;
  for (std::size_t i = 0; i < certificates_.size(); ++i) {
    const X509* const certificate = certificates_[i].get();
    if (X509_cmp_time(X509_get0_notBefore(certificate), &time) > 0)
      doubts.push_back(fmt::format("certificate {} is not valid yet{}", i + 1, kAllTheSame));
    if (X509_cmp_time(X509_get0_notAfter(certificate), &time) < 0)
      doubts.push_back(fmt::format("certificate {} has expired{}", i + 1, kAllTheSame));
  }
  return doubts;
}

Result<std::unique_ptr<OpensslUnsealer>> OpensslUnsealer::make(std::string_view text) {
  ERR_clear_error();
  const auto input = text_bio(text);
  EVP_PKEY* const key =
      input ? PEM_read_bio_PrivateKey(input.get(), nullptr, nullptr, nullptr) : nullptr;
  if (key == nullptr)
    return fail(Errc::invalid_input, fmt::format("holds no private key in PEM that can be read: {}",
                                                 take_fault().reason));
  return std::unique_ptr<OpensslUnsealer>(new OpensslUnsealer(key));
}

Result<std::string> OpensslUnsealer::unseal(std::string_view pem) const {
  ERR_clear_error();
  const auto input = text_bio(pem);
  const CmsPointer cms(input ? PEM_read_bio_CMS(input.get(), nullptr, nullptr, nullptr) : nullptr);
  const bool is_short = !cms && take_fault().is_shortage;
  if (!cms && !is_short) return fail(Errc::invalid_input, "it is damaged: it is no CMS structure");
  std::string text;
  const Sealer::Sink sink = [&text](std::string_view piece) { text += piece; };
  Receiver receiver{sink};
  const auto output = receiver_bio(receiver);
  // It returns success only if the text is authentic, though it writes it before it knows.
  if (output && cms &&
      CMS_decrypt(cms.get(), key_.get(), nullptr, nullptr, output.get(), CMS_BINARY) == 1 &&
      !receiver.is_short)
    return text;
  if (take_fault().is_shortage || is_short || !output || receiver.is_short)
    return fail(Errc::shortage, "no memory to decrypt it");
  return fail(Errc::invalid_input,
              "this private key does not open it: it is sealed to others, or "
              "damaged");
}

}  // namespace attestrd
