#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// An engine with a number of handshakes, all on pages of one row.
class ListRoute : public testing::Test {
 protected:
  ServerResponse get(std::string target) {
    Questions questions;
    questions.ask_engine = [this](const EngineCommand& command,
                                  const Questions::OnAnswer& on_answer) {
      const auto* list = std::get_if<ListCommand>(&command);
      if (list == nullptr) return on_answer(EngineReport{});
      asked.push_back(*list);
      ListPage page;
      if (list->from < handshakes)
        page.rows.push_back(
            {*HandshakeId::parse("DS" + std::to_string(list->from)), ListedState::due, {}});
      if (list->from + 1 < handshakes) page.next = list->from + 1;
      on_answer(page);
    };
    questions.facts = [] { return DaemonFacts{}; };
    questions.now = [] { return Now{}; };
    ServerRequest request;
    request.target = std::move(target);
    ServerResponse answer;
    list_route(questions, request, [&](ServerResponse response) { answer = std::move(response); });
    return answer;
  }

  std::uint32_t handshakes = 0;
  std::vector<ListCommand> asked;
};

TEST_F(ListRoute, HasOneObjectPerLineWithTheStateInTheList) {
  handshakes = 2;
  const auto answer = get("/list");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(std::ranges::count(answer.body, '\n'), 2);
  EXPECT_TRUE(answer.body.starts_with(R"({"id":"DS0","time":"1970-01-01T00:00:00.000000Z",)"
                                      R"("state":"due","waits_for":"result","next_poll":null,)"))
      << answer.body;
  EXPECT_EQ(answer.next, "");
}

TEST_F(ListRoute, IsEmptyIfNothingIsPending) {
  const auto answer = get("/list");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "");
}

TEST_F(ListRoute, ALongListComesInPartsThatTogetherHaveEachRowOnce) {
  handshakes = 200;
  std::string all;
  int parts = 0;
  for (std::string target = "/list?tag=a%26b"; !target.empty(); ++parts) {
    const auto answer = get(target);
    EXPECT_LT(answer.body.size(), 1U << 20U) << "the memory of the client";
    all += answer.body;
    target = answer.next;
  }
  EXPECT_GT(parts, 1);
  EXPECT_EQ(std::ranges::count(all, '\n'), 200);
  for (const auto& command : asked) EXPECT_EQ(command.filter.tag, "a&b");
}

TEST_F(ListRoute, RefusesAWrongQuery) {
  const auto answer = get("/list?state=asleep");
  EXPECT_EQ(answer.status, 400U);
  EXPECT_TRUE(asked.empty());
}

}  // namespace
}  // namespace attestrd
