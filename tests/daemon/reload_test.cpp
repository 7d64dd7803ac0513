#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

using ::testing::HasSubstr;

ServerResponse answer_to(const ReloadOutcome& outcome, std::string accept = "application/json") {
  Questions questions;
  questions.reload = [&outcome](const Questions::OnReloaded& on_reloaded) { on_reloaded(outcome); };
  ServerRequest request;
  request.accept = std::move(accept);
  ServerResponse answer;
  reload_route(questions, request, [&](ServerResponse response) { answer = std::move(response); });
  const auto late = answer.source;
  late->open([](const Result<std::uint64_t>& opened) { EXPECT_TRUE(opened); });
  late->read([&answer](std::string part) { answer.body = std::move(part); });
  answer.status = late->status();
  return answer;
}

TEST(ReloadRoute, NamesTheChangedSettingsAndTheSecretsThatWereRead) {
  const ReloadOutcome outcome{
      std::nullopt, {"poll.min_interval = \"5s\""}, {{"auth-token", "client-secret"}, {}}, {}};
  const auto answer = answer_to(outcome);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body,
            "{\"reload\":\"accepted\",\"changed\":[\"poll.min_interval = \\\"5s\\\"\"],"
            "\"secrets_read\":[\"auth-token\",\"client-secret\"],\"secrets_of_start\":[],"
            "\"secrets_of_restart\":[],\"warnings\":[],\"recipients\":0,\"secrets_need_restart\":"
            "false}\n");
  EXPECT_EQ(answer_to(outcome, "text/plain").body,
            "Changed:\n  poll.min_interval = \"5s\"\n"
            "Read anew: auth-token, client-secret.\n");
}

TEST(ReloadRoute, NamesTheSecretsThatSystemdPassesOnlyAtARestart) {
  const ReloadOutcome outcome{std::nullopt,
                              {},
                              {{"/srv/token"}, {"client-secret"}, {"hints-token"}},
                              {{"/srv/token", "secret 1 is in quotes"}}};
  EXPECT_EQ(
      answer_to(outcome, "text/plain").body,
      "No setting has changed.\n"
      "Read anew: /srv/token.\n"
      "Not read anew: client-secret. systemd passes a changed secret only at a restart of the "
      "unit.\n"
      "Not read anew: hints-token. A changed one needs a restart.\n"
      "warning: /srv/token: secret 1 is in quotes\n");
  EXPECT_THAT(answer_to(outcome).body, HasSubstr("\"secrets_need_restart\":true"));
}

TEST(ReloadRoute, CountsTheRecipientsOfSealedRecords) {
  ReloadOutcome outcome;
  outcome.doubtful.push_back({"/etc/recipients.pem", "certificate 1 has expired"});
  outcome.recipients = 1;
  EXPECT_EQ(answer_to(outcome, "text/plain").body,
            "No setting has changed.\n"
            "Later records are encrypted to 1 recipient (spool.seal_to).\n"
            "warning: /etc/recipients.pem: certificate 1 has expired\n");
  outcome.recipients = 2;
  EXPECT_THAT(answer_to(outcome, "text/plain").body, HasSubstr(" to 2 recipients "));
  EXPECT_THAT(answer_to(outcome).body, HasSubstr("\"recipients\":2,"));
}

TEST(ReloadRoute, TellsWhyAFileIsRefused) {
  const ReloadOutcome outcome{"f.toml:1: not TOML", {}, {}, {}};
  EXPECT_EQ(answer_to(outcome).status, 409U);
  EXPECT_THAT(answer_to(outcome).body, HasSubstr("\"reload\":\"refused\""));
  EXPECT_EQ(answer_to(outcome, "text/plain").body,
            "The configuration stays as it was:\nf.toml:1: not TOML\n");
}

}  // namespace
}  // namespace attestrd
