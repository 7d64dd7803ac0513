#include "crypto/openssl_sealing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <string>
#include <vector>

#include "io/certificates.h"

namespace attestrd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::string_view kAnswer = "{\"_id\":\"DS1\",\r\n\"name\":\"J\xc3\xb6rg\"} \n";

std::string sealed(const OpensslSealer& sealer, std::string_view text) {
  std::string pem;
  const auto done = sealer.seal(text, [&pem](std::string_view piece) { pem += piece; });
  EXPECT_TRUE(done) << done.error().message;
  return pem;
}

/// Returns the text that a private key opens, or the error.
std::string opened(const Identity& identity, std::string_view pem) {
  const auto unsealer = OpensslUnsealer::make(identity.key);
  if (!unsealer) return unsealer.error().message;
  const auto text = (*unsealer)->unseal(pem);
  return text ? *text : text.error().message;
}

std::string objection(std::string_view certificates) {
  const auto sealer = OpensslSealer::make(certificates);
  if (sealer) return "(taken)";
  EXPECT_EQ(sealer.error().code, Errc::invalid_config);
  return sealer.error().message;
}

const CertificateAuthority& authority() {
  static const CertificateAuthority authority;
  return authority;
}

const Identity& rsa() {
  static const Identity identity = authority().issue_for_key("RSA");
  return identity;
}
const Identity& ec() {
  static const Identity identity = authority().issue_for_key("EC");
  return identity;
}

TEST(OpensslSealing, EachRecipientOpensTheSameText) {
  const auto other_rsa = authority().issue_for_key("RSA");
  const auto other_ec = authority().issue_for_key("EC");
  const auto sealer = OpensslSealer::make(rsa().certificate + ec().certificate +
                                          other_rsa.certificate + other_ec.certificate);
  ASSERT_TRUE(sealer) << sealer.error().message;
  EXPECT_EQ((*sealer)->recipients(), 4u);
  const auto pem = sealed(**sealer, kAnswer);
  EXPECT_THAT(pem, StartsWith("-----BEGIN CMS-----\n"));
  EXPECT_TRUE(pem.ends_with("\n-----END CMS-----\n"));
  for (const auto& identity : {rsa(), ec(), other_rsa, other_ec})
    EXPECT_EQ(opened(identity, pem), kAnswer);
}

TEST(OpensslSealing, ALargeTextIsSealedCompletely) {
  const auto sealer = OpensslSealer::make(ec().certificate);
  ASSERT_TRUE(sealer);
  for (const std::size_t size : {1u, 47u, 48u, 49u, 1023u, 1024u, 1025u, 100'000u, 5'000'001u}) {
    std::string text(size, 'x');
    text.back() = 'y';
    EXPECT_TRUE(opened(ec(), sealed(**sealer, text)) == text) << size;
  }
}

TEST(OpensslSealing, TheSameTextIsNeverSealedTheSameWay) {
  const auto sealer = OpensslSealer::make(ec().certificate);
  EXPECT_NE(sealed(**sealer, kAnswer), sealed(**sealer, kAnswer));
}

TEST(OpensslSealing, AnotherKeyDoesNotOpenIt) {
  const auto sealer = OpensslSealer::make(rsa().certificate);
  const auto pem = sealed(**sealer, kAnswer);
  for (const auto& other : {ec(), authority().issue_for_key("RSA")})
    EXPECT_THAT(opened(other, pem), HasSubstr("this private key does not open it"));
}

TEST(OpensslSealing, AChangedTextIsNotOpened) {
  const auto sealer = OpensslSealer::make(ec().certificate);
  const std::string text(3000, 'x');
  auto pem = sealed(**sealer, text);
  const auto middle = pem.size() - 1500;  // Among the encrypted bytes.
  char& changed = pem[pem[middle] == '\n' ? middle + 1 : middle];
  changed = changed == 'A' ? 'B' : 'A';
  EXPECT_THAT(opened(ec(), pem), HasSubstr("damaged"));
  EXPECT_THAT(opened(ec(), "-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n"),
              HasSubstr("it is damaged"));
  EXPECT_THAT(opened(ec(), ""), HasSubstr("it is damaged"));
}

TEST(OpensslSealing, LackOfMemoryInTheReceiverIsAShortage) {
  const auto sealer = OpensslSealer::make(ec().certificate);
  std::size_t left = 1000;
  const auto done = (*sealer)->seal(std::string(5000, 'x'), [&left](std::string_view piece) {
    if (piece.size() > left) throw std::bad_alloc();
    left -= piece.size();
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::shortage);
}

TEST(OpensslSealing, RefusesAFileThatHoldsMoreThanCertificates) {
  EXPECT_THAT(objection(rsa().certificate + rsa().key), StartsWith("holds a private key"));
  EXPECT_THAT(objection("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
              StartsWith("holds a private key"));
  EXPECT_THAT(
      objection(rsa().certificate + "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"),
      StartsWith("holds something else"));
}

TEST(OpensslSealing, RefusesAFileWithoutUsableCertificates) {
  EXPECT_THAT(objection(""), StartsWith("holds no certificate in PEM"));
  EXPECT_THAT(objection("recipients"), StartsWith("holds no certificate in PEM"));
  EXPECT_THAT(objection(std::string("\x30\x82\x00", 3)), StartsWith("holds no certificate in PEM"));
  const auto& good = rsa().certificate;
  EXPECT_THAT(objection(good + good.substr(0, good.size() / 2)),
              StartsWith("certificate 2 is damaged: "));
  auto misspelled = ec().certificate;
  misspelled.erase(0, 1);
  EXPECT_THAT(objection(good + misspelled), StartsWith("holds something else"))
      << "its owner would be locked out";
}

TEST(OpensslSealing, RefusesAKeyThatOnlySigns) {
  EXPECT_EQ(objection(ec().certificate + authority().issue_for_key("ED25519").certificate),
            "certificate 2 has a key of the type ED25519, to which nothing can be encrypted: use a "
            "certificate with an RSA or EC key");
}

TEST(OpensslSealing, DoubtsACertificateThatIsNotValidAndSealsToItAllTheSame) {
  const auto expired = authority().issue_for_key("EC", -7200, -3600);
  const auto future = authority().issue_for_key("EC", 3600, 7200);
  const auto sealer =
      OpensslSealer::make(ec().certificate + expired.certificate + future.certificate);
  ASSERT_TRUE(sealer) << sealer.error().message;
  const auto now = std::chrono::time_point_cast<Wall::duration>(std::chrono::system_clock::now());
  EXPECT_THAT((*sealer)->doubts(now), ElementsAre(StartsWith("certificate 2 has expired"),
                                                  StartsWith("certificate 3 is not valid yet")));
  EXPECT_THAT((*sealer)->doubts(now - 90min),
              ElementsAre(HasSubstr("1 is not valid yet"), HasSubstr("3 is not valid yet")));
  EXPECT_EQ(opened(expired, sealed(**sealer, kAnswer)), kAnswer);
  const auto valid = OpensslSealer::make(ec().certificate);
  EXPECT_THAT((*valid)->doubts(now), IsEmpty());
}

TEST(OpensslSealing, NamesAFileWithoutPrivateKey) {
  const auto unsealer = OpensslUnsealer::make(ec().certificate);
  ASSERT_FALSE(unsealer);
  EXPECT_EQ(unsealer.error().code, Errc::invalid_input);
  EXPECT_THAT(unsealer.error().message, StartsWith("holds no private key in PEM"));
}

}  // namespace
}  // namespace attestrd
