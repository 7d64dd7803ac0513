#include "daemon/config/recipients.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "io/certificates.h"
#include "temporary_folder.h"

namespace attestrd {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// A fixture with a file of certificates.
class RecipientsTest : public testing::Test {
 protected:
  Result<Recipients> read(std::string_view contents) {
    config_.spool.seal_to = folder_.write("recipients.pem", contents);
    return read();
  }
  Result<Recipients> read() const {
    const auto now = std::chrono::system_clock::now();
    return read_recipients(config_, std::chrono::time_point_cast<Wall::duration>(now));
  }

  /// Checks that the error names file and setting, and returns what it says between both.
  std::string objection(const Result<Recipients>& recipients) {
    EXPECT_FALSE(recipients);
    if (recipients) return "";
    EXPECT_EQ(recipients.error().code, Errc::invalid_config);
    const auto& message = recipients.error().message;
    EXPECT_THAT(message, StartsWith(config_.spool.seal_to.string() + ": "));
    EXPECT_TRUE(message.ends_with(" (spool.seal_to)")) << message;
    EXPECT_EQ(message.find('\n'), message.npos) << "one line";
    return message.substr(config_.spool.seal_to.string().size() + 2);
  }

  TemporaryFolder folder_;
  CertificateAuthority authority_;
  Config config_;
};

TEST_F(RecipientsTest, WithoutAFileAnswersAreNotEncrypted) {
  const auto recipients = read();
  ASSERT_TRUE(recipients);
  EXPECT_EQ(recipients->sealer, nullptr);
  EXPECT_EQ(recipients->count, 0u);
}

TEST_F(RecipientsTest, EachCertificateIsARecipient) {
  const auto recipients = read(authority_.issue_for_key("EC").certificate +
                               authority_.issue_for_key("RSA").certificate);
  ASSERT_TRUE(recipients) << recipients.error().message;
  EXPECT_NE(recipients->sealer, nullptr);
  EXPECT_EQ(recipients->count, 2u);
  EXPECT_THAT(recipients->doubtful, IsEmpty());
}

TEST_F(RecipientsTest, AnExpiredCertificateIsOnlyDoubtful) {
  const auto recipients = read(authority_.issue_for_key("EC", -7200, -3600).certificate);
  ASSERT_TRUE(recipients) << recipients.error().message;
  EXPECT_EQ(recipients->count, 1u);
  ASSERT_THAT(recipients->doubtful, SizeIs(1));
  EXPECT_THAT(recipients->doubtful[0].text(),
              StartsWith(config_.spool.seal_to.string() + ": certificate 1 has expired"));
}

TEST_F(RecipientsTest, NamesEachFaultOfTheFile) {
  const auto good = authority_.issue_for_key("EC");
  EXPECT_THAT(objection(read("")), StartsWith("holds no certificate in PEM"));
  EXPECT_THAT(objection(read("not PEM\n")), StartsWith("holds no certificate in PEM"));
  EXPECT_THAT(objection(read(good.certificate + good.key)), StartsWith("holds a private key"));
  EXPECT_THAT(objection(read(authority_.issue_for_key("ED25519").certificate)),
              StartsWith("certificate 1 has a key of the type ED25519"));
  EXPECT_THAT(objection(read(std::string(300 * 1024, '#'))), StartsWith("is larger than 256 KiB"));
  config_.spool.seal_to = folder_.path() / "absent.pem";
  EXPECT_THAT(objection(read()), HasSubstr("can't be read: No such file or directory"));
  config_.spool.seal_to = folder_.path();
  EXPECT_THAT(objection(read()), HasSubstr("can't be read: Is a directory"));
}

}  // namespace
}  // namespace attestrd
