#include "daemon/config/secrets.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>

#include "temporary_folder.h"

namespace attestrd {
namespace {

class SecretsTest : public testing::Test {
 protected:
  SecretsTest() {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    config_.folder = folder_.path();
  }
  ~SecretsTest() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }

  std::string token_or_complaint() const {
    const auto token = read_auth_token(config_);
    return token ? std::string(token->reveal()) : shortened(token.error());
  }

  std::string secrets_or_complaint() const {
    const auto secrets = read_client_secrets(config_);
    if (!secrets) return shortened(secrets.error());
    std::string all;
    for (const auto& secret : *secrets) all += std::string(secret.reveal()) + ",";
    return all;
  }

  std::string shortened(const Error& error) const {
    EXPECT_EQ(error.code, Errc::invalid_config);
    const auto prefix = folder_.path().string() + "/";
    EXPECT_TRUE(error.message.starts_with(prefix)) << error.message;
    return error.message.substr(prefix.size());
  }

  TemporaryFolder folder_;
  Config config_;
};

TEST_F(SecretsTest, ReadsTheTokenWithoutItsLineEnd) {
  for (const auto* text : {"dG9rZW4=", "dG9rZW4=\n", "dG9rZW4=\r\n"}) {
    folder_.write("auth-token", text);
    EXPECT_EQ(token_or_complaint(), "dG9rZW4=");
  }
}

TEST_F(SecretsTest, ReadingASecretMakesTheMemoryPrivate) {
  folder_.write("client-secret", "secret\n");
  const auto read_and_exit = [this] {
    const bool was_read = read_client_secrets(config_).has_value();
    rlimit core{1, 1};
    ::getrlimit(RLIMIT_CORE, &core);
#if defined(__SANITIZE_ADDRESS__)
    const bool is_private = core.rlim_cur == 0;
#else
    const bool is_private = core.rlim_cur == 0 && ::prctl(PR_GET_DUMPABLE) == 0;
#endif
    std::_Exit(was_read && is_private ? 0 : 1);
  };
  EXPECT_EXIT(read_and_exit(), testing::ExitedWithCode(0), "");
}

TEST_F(SecretsTest, RefusesATokenThatWouldBreakTheHeader) {
  const std::string complaint =
      "auth-token: must hold the auth token alone, on one line, without blanks and without the "
      "word Basic";
  for (const auto* text : {"a\nb", "a\r\nX: y", "Basic a", "a\tb", "a\x7f", "\xc3\xa4", "a\n\n"}) {
    folder_.write("auth-token", text);
    EXPECT_EQ(token_or_complaint(), complaint);
  }
}

TEST_F(SecretsTest, RefusesATokenThatIsNotBase64) {
  folder_.write("auth-token", "user:pass\n");
  EXPECT_EQ(token_or_complaint(),
            "auth-token: looks like USER:PASSWORD; put the auth token there, which is base64");
}

TEST_F(SecretsTest, RefusesACommentAmongTheSecrets) {
  folder_.write("client-secret", "new\n#old\n");
  EXPECT_EQ(secrets_or_complaint(),
            "client-secret: line 2 begins with #; there are no comments in this file, so remove "
            "the line");
  folder_.write("client-secret", "new#1\n");
  EXPECT_EQ(secrets_or_complaint(), "new#1,");
}

TEST_F(SecretsTest, RefusesAnEmptyOrOversizedFile) {
  for (const auto* text : {"", "\n"}) {
    folder_.write("auth-token", text);
    EXPECT_EQ(token_or_complaint(), "auth-token: is empty; put the auth token there, on one line");
  }
  folder_.write("auth-token", std::string(4096, 'a'));
  EXPECT_EQ(token_or_complaint(), std::string(4096, 'a'));
  folder_.write("auth-token", std::string(4097, 'a'));
  EXPECT_EQ(token_or_complaint(), "auth-token: larger than 4 KiB; this is no secret");
}

TEST_F(SecretsTest, RefusesAFileThatIsOpenToOthers) {
  for (const unsigned mode : {0600u, 0400u, 0440u, 0640u, 0660u}) {
    folder_.write("auth-token", "a", mode);
    EXPECT_EQ(token_or_complaint(), "a") << std::oct << mode;
  }
  for (const unsigned mode : {0604u, 0644u, 0602u, 0601u}) {
    folder_.write("auth-token", "a", mode);
    EXPECT_EQ(token_or_complaint().substr(0, 29),
              "auth-token: its mode is 0" + std::to_string(mode / 64) +
                  std::to_string(mode / 8 % 8) + std::to_string(mode % 8) + ":");
  }
}

TEST_F(SecretsTest, RefusesAMissingFileAndAFifo) {
  EXPECT_EQ(token_or_complaint(), "auth-token: can't be opened: No such file or directory");
  ASSERT_EQ(::mkfifo((folder_.path() / "auth-token").c_str(), 0600), 0);
  EXPECT_EQ(token_or_complaint(), "auth-token: must be a plain file");
}

TEST_F(SecretsTest, ReadsSeveralClientSecretsInTheirOrder) {
  folder_.write("client-secret", "new\n\nold\r\noldest");
  EXPECT_EQ(secrets_or_complaint(), "new,old,oldest,");
  folder_.write("client-secret", "new\nold one\n");
  EXPECT_EQ(secrets_or_complaint(),
            "client-secret: line 2 must hold a client secret alone, without blanks");
  folder_.write("client-secret", "\n\r\n\n");
  EXPECT_EQ(secrets_or_complaint(),
            "client-secret: is empty; put the client secret there, on one line");
}

TEST_F(SecretsTest, ReadsUserAndPasswordForTheProxy) {
  config_.api.proxy_auth_file = "proxy-auth";
  const auto proxy_auth_or_complaint = [this](std::string_view text) {
    folder_.write("proxy-auth", text);
    const auto secret = read_proxy_auth(config_);
    return secret ? std::string(secret->reveal()) : shortened(secret.error());
  };
  EXPECT_EQ(proxy_auth_or_complaint("user:pass word:\n"), "user:pass word:");
  EXPECT_EQ(proxy_auth_or_complaint("user:\r\n"), "user:");
  for (const auto* text : {"", "\n", "user", ":password", "user:a\nuser:b\n", "user:\x01"})
    EXPECT_EQ(proxy_auth_or_complaint(text),
              "proxy-auth: must hold USER:PASSWORD for the proxy, on one line");
}

TEST_F(SecretsTest, ReadsTheFileForTheProxyOnlyIfItIsNamed) {
  folder_.write("auth-token", "dG9rZW4=");
  folder_.write("client-secret", "a-client-secret");
  EXPECT_FALSE(read_secrets(config_)->proxy_auth.has_value());
  config_.api.proxy_auth_file = "proxy-auth";
  EXPECT_EQ(shortened(read_secrets(config_).error()),
            "proxy-auth: can't be opened: No such file or directory");
  folder_.write("proxy-auth", "user:password");
  EXPECT_EQ(read_secrets(config_)->proxy_auth->reveal(), "user:password");
  EXPECT_EQ(secret_names(config_).read,
            (std::vector<std::string>{"auth-token", "client-secret", "proxy-auth"}));
}

TEST_F(SecretsTest, ABareNameIsSearchedInTheCredentialsOfSystemdFirst) {
  folder_.write("auth-token", "beside");
  folder_.write("credentials/auth-token", "credential", 0444);
  ::setenv("CREDENTIALS_DIRECTORY", (folder_.path() / "credentials").c_str(), 1);
  EXPECT_EQ(token_or_complaint(), "credential");  // systemd sets its mode.

  config_.api.auth_token_file = "./auth-token";
  EXPECT_EQ(token_or_complaint(), "beside");
  folder_.write("client-secret", "beside");
  EXPECT_EQ(secrets_or_complaint(), "beside,");  // No credential has this name.
}

TEST_F(SecretsTest, ReportsBothFilesAtOnce) {
  folder_.write("client-secret", "");
  const auto secrets = read_secrets(config_);
  ASSERT_FALSE(secrets);
  EXPECT_EQ(secrets.error().message,
            folder_.path().string() + "/auth-token: can't be opened: No such file or directory\n" +
                folder_.path().string() +
                "/client-secret: is empty; put the client secret there, on one line");
}

TEST_F(SecretsTest, WarnsOfASecretThatLooksLikeAnotherFormat) {
  folder_.write("auth-token", "dG9rZW4=\n");
  const auto warnings = [this](std::string_view text) {
    folder_.write("client-secret", text);
    const auto secrets = read_secrets(config_);
    EXPECT_TRUE(secrets);
    std::string all;
    for (const auto& secret : secrets->doubtful)
      all += secret.text().substr(folder_.path().string().size() + 1) + "\n";
    return all;
  };
  for (const auto* plain : {"s3cret-s3cret", "c2VjcmV0Cg==", "aaaaaaaaaaaa=", "\"half-a-secret",
                            "9a=bbbbbbbbb", "a-b=ccccccccc"})
    EXPECT_EQ(warnings(plain), "") << plain;
  const std::string quoted =
      "client-secret: secret 1 is in quotes, which are taken for a part of it\n";
  for (const auto* text : {"\"s3cret\"", "'s3cret'", "`s3cret`"}) EXPECT_EQ(warnings(text), quoted);
  for (const auto* text : {"KEY=s3cret", "client_secret=\"s3cret\"", "_k=s=="})
    EXPECT_EQ(warnings(text),
              "client-secret: secret 1 looks like KEY=value, and all of it is taken for the "
              "secret\n");
  EXPECT_EQ(warnings("plain-and-long\n\n'old'\n").substr(0, 23), "client-secret: secret 2");
  EXPECT_EQ(warnings("eleven-char"), "client-secret: secret 1 is short: is it complete?\n");
  EXPECT_EQ(warnings("twelve-chars"), "");
  folder_.write("auth-token", "\"dG9rZW4=\"");
  EXPECT_EQ(warnings("plain").substr(0, 20), "auth-token: secret 1");
}

TEST_F(SecretsTest, KnowsWhichSecretsSystemdPassedAtTheStart) {
  folder_.write("credentials/client-secret", "credential", 0444);
  EXPECT_EQ(secret_names(config_).read, (std::vector<std::string>{"auth-token", "client-secret"}));
  ::setenv("CREDENTIALS_DIRECTORY", (folder_.path() / "credentials").c_str(), 1);
  EXPECT_EQ(secret_names(config_).read, std::vector<std::string>{"auth-token"});
  EXPECT_EQ(secret_names(config_).of_start, std::vector<std::string>{"client-secret"});
}

}  // namespace
}  // namespace attestrd
