#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// Returns the answer to a body, from an engine that answers `kicked` for any ids.
ServerResponse answer_to(std::string body, std::vector<Kicked> kicked,
                         std::string accept = "application/json") {
  std::vector<HandshakeId> asked;
  Questions questions;
  questions.ask_engine = [&](const EngineCommand& command, const Questions::OnAnswer& on_answer) {
    asked = std::get<KickCommand>(command).ids;
    on_answer(kicked);
  };
  ServerRequest request;
  request.accept = std::move(accept);
  request.body = std::move(body);
  ServerResponse answer;
  kick_route(questions, request, [&](ServerResponse response) { answer = std::move(response); });
  EXPECT_EQ(asked.size(), answer.status == 400 ? 0 : kicked.size());
  return answer;
}

TEST(KickRoute, AnswersOneLinePerId) {
  const auto answer =
      answer_to("DS1\nDS2\nDS3\n", {Kicked::due_now, Kicked::in_flight, Kicked::due_already});
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body,
            "{\"id\":\"DS1\",\"kick\":\"due_now\"}\n"
            "{\"id\":\"DS2\",\"kick\":\"in_flight\"}\n"
            "{\"id\":\"DS3\",\"kick\":\"due_already\"}\n");
}

TEST(KickRoute, NamesTheIdsThatAreNotPending) {
  EXPECT_EQ(answer_to("DS1", {Kicked::held}).body, "{\"id\":\"DS1\",\"kick\":\"held\"}\n");
  EXPECT_EQ(answer_to("DS1", {Kicked::held}, "text/plain").body,
            "DS1 is held; `attestrd release` lets it be polled.\n");
  EXPECT_EQ(answer_to("DS1", {Kicked::held}).status, 409U);
  const std::vector kicked = {Kicked::ending, Kicked::not_pending};
  const auto answer = answer_to("DS1\nDS2", kicked);
  EXPECT_EQ(answer.status, 409u);
  EXPECT_EQ(answer.body,
            "{\"id\":\"DS1\",\"kick\":\"ending\"}\n{\"id\":\"DS2\",\"kick\":\"not_pending\"}\n");
  EXPECT_EQ(answer_to("DS1\nDS2", kicked, "text/plain").body,
            "DS1 has ended, and its record is being written.\n"
            "DS2 is not pending; `attestrd explain` may say more.\n");
}

TEST(KickRoute, PassesManyIdsToTheEngineInParts) {
  std::vector<HandshakeId> asked;
  std::size_t largest_part = 0;
  Questions questions;
  questions.ask_engine = [&](const EngineCommand& command, const Questions::OnAnswer& on_answer) {
    const auto& part = std::get<KickCommand>(command).ids;
    asked.insert(asked.end(), part.begin(), part.end());
    largest_part = std::max(largest_part, part.size());
    // The first id of each part is in flight.
    std::vector<Kicked> kicked(part.size(), Kicked::due_now);
    kicked.front() = Kicked::in_flight;
    on_answer(kicked);
  };
  ServerRequest request;
  request.accept = "text/plain";
  for (int i = 0; i < 1000; ++i) request.body += fmt::format("DS{:04}\n", i);
  ServerResponse answer;
  kick_route(questions, request, [&](ServerResponse response) { answer = std::move(response); });

  EXPECT_LE(largest_part, 256U);
  ASSERT_EQ(asked.size(), 1000U);
  std::string expected;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    EXPECT_EQ(asked[i].view(), fmt::format("DS{:04}", i));
    expected += fmt::format("DS{:04} {}.\n", i,
                            i % 256 == 0 ? "is being polled at this moment" : "is due now");
  }
  EXPECT_EQ(answer.body, expected);
}

TEST(KickRoute, RefusesALineThatIsNotAnId) {
  for (const auto* body : {"DS1\nD/S\n", "DS1\n\nDS2\n", "DS1\r\nDS2\r\n"}) {
    const auto answer = answer_to(body, {});
    EXPECT_EQ(answer.status, 400u);
    EXPECT_TRUE(answer.body.ends_with(" is not an id\n")) << answer.body;
  }
}

TEST(KickAccountRoute, SaysWhetherTheCanaryAsks) {
  const auto answer_to = [](AccountKicked kicked, std::string accept) {
    Questions questions;
    questions.ask_engine = [kicked](const EngineCommand& command,
                                    const Questions::OnAnswer& on_answer) {
      EXPECT_TRUE(std::holds_alternative<KickAccountCommand>(command));
      on_answer(kicked);
    };
    ServerRequest request;
    request.accept = std::move(accept);
    ServerResponse answer;
    kick_account_route(questions, request, [&](ServerResponse response) { answer = response; });
    return answer;
  };
  const auto paused = answer_to(AccountKicked::due_now, "text/plain");
  EXPECT_EQ(paused.status, 200U);
  EXPECT_EQ(paused.body, "The account is paused: one handshake is polled now.\n");
  const auto open = answer_to(AccountKicked::not_paused, "application/json");
  EXPECT_EQ(open.status, 409U);
  EXPECT_EQ(open.body, "{\"account\":\"not_paused\"}\n");
}

}  // namespace
}  // namespace attestrd
