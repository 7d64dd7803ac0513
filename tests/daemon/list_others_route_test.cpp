#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "daemon/control/list/others_query.h"
#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// A node of a fleet, without handshakes of its own, beside the node b with two.
class ListOthersRoute : public testing::Test {
 protected:
  using Route = void (*)(const Questions&, const ServerRequest&, Responder);

  ServerResponse get(Route route, std::string target, bool has_fleet = true) {
    Questions questions;
    questions.ask_engine = [](const EngineCommand& command, const Questions::OnAnswer& on_answer) {
      if (std::holds_alternative<ListCommand>(command)) return on_answer(ListPage{});
      on_answer(EngineReport{});
    };
    questions.facts = [] { return DaemonFacts{}; };
    questions.now = [] { return Now{}; };
    if (has_fleet) {
      questions.fleet.emplace();
      questions.fleet->node = "a";
      questions.fleet->list_others = [this](const RowsQuery& query,
                                            const FleetQuestions::OnPage& on_page) {
        asked_ = query;
        on_page(answer_);
      };
    }
    ServerRequest request;
    request.target = std::move(target);
    ServerResponse answer;
    route(questions, request, [&](ServerResponse response) { answer = std::move(response); });
    return answer;
  }

  static LocatedRow row(const std::string& id, bool is_held, bool is_alive) {
    QueuedHandshake handshake{*HandshakeId::parse(id), "t", {}, {}, {}, 0, 0, {}};
    handshake.is_held = is_held;
    return {{handshake, false}, {"b", "spool", is_alive}};
  }

  RowsQuery asked_;
  Result<RowsPage> answer_ = RowsPage{};
};

TEST_F(ListOthersRoute, FollowsTheListOfThisNode) {
  EXPECT_EQ(
      get(list_route, "/list?tag=x").next,
      others_target({{}, parse_others_target("/list/others?place=polling.0.&tag=x")->filter}));
  EXPECT_EQ(get(list_route, "/list?state=due").next, "") << "only their node knows";
  EXPECT_EQ(get(list_route, "/list?due_before=1000").next, "");
  EXPECT_EQ(get(list_route, "/list", false).next, "") << "there is no other";
}

TEST_F(ListOthersRoute, NamesTheNodeOfEachHandshake) {
  answer_ = RowsPage{{row("DS1", false, true), row("DS2", true, false)},
                     RowPlace{.is_staged = false, .shelf = 7, .id = "DS2"}};
  const auto answer = get(list_others_route, "/list/others?place=polling.3.DS0&tag=t");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body,
            R"({"id":"DS1","time":"1970-01-01T00:00:00.000000Z","state":"waiting",)"
            R"("waits_for":"node","is_held":false,"submitted_at":"1970-01-01T00:00:00.000000Z",)"
            R"("expiry":null,"last_pending_at":null,"polls":0,"node":"b"})"
            "\n"
            R"({"id":"DS2","time":"1970-01-01T00:00:00.000000Z","state":"held",)"
            R"("waits_for":"takeover","is_held":true,"submitted_at":"1970-01-01T00:00:00.000000Z",)"
            R"("expiry":null,"last_pending_at":null,"polls":0,"node":"b"})"
            "\n");
  EXPECT_EQ(answer.next, "/list/others?place=polling.7.DS2&from=0&tag=t");
  EXPECT_EQ(asked_.after, (RowPlace{false, 3, "DS0"}));
  EXPECT_EQ(asked_.tag, "t");
  EXPECT_GT(asked_.max_rows, 0U);
}

TEST_F(ListOthersRoute, LeavesOutWhatDoesNotMatch) {
  answer_ = RowsPage{{row("DS1", false, true), row("DS2", true, true)}, {}};
  const auto answer = get(list_others_route, "/list/others?place=polling.0.&state=waiting");
  EXPECT_NE(answer.body.find("DS1"), std::string::npos);
  EXPECT_EQ(answer.body.find("DS2"), std::string::npos);
  EXPECT_EQ(answer.next, "");
}

TEST_F(ListOthersRoute, SaysWhatIsWrong) {
  EXPECT_EQ(get(list_others_route, "/list/others").status, 400U);
  answer_ = fail(Errc::unavailable, "the database is away");
  const auto answer = get(list_others_route, "/list/others?place=polling.0.");
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.body, "the database is away\n");
  EXPECT_EQ(get(list_others_route, "/list/others?place=polling.0.", false).status, 200U);
}

}  // namespace
}  // namespace attestrd
