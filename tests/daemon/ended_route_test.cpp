#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// A queue that answers later, in any order.
class EndedRoute : public testing::Test {
 protected:
  void ask(std::string body, std::string accept = "text/plain") {
    Questions questions;
    questions.look_up = [this](const HandshakeId& id, Questions::OnFound on_found) {
      asked_.emplace_back(id.view(), std::move(on_found));
    };
    questions.now = [] { return Now{Mono(), Wall(std::chrono::hours(3))}; };
    ServerRequest request;
    request.accept = std::move(accept);
    request.body = std::move(body);
    ended_route(questions, request,
                [this](ServerResponse response) { answers_.push_back(std::move(response)); });
  }

  void queue_answers() {
    for (auto asked = asked_.rbegin(); asked != asked_.rend(); ++asked) {
      EXPECT_TRUE(answers_.empty());
      asked->second(row_of(asked->first));
    }
  }

  static Result<KnownHandshake> row_of(const std::string& id) {
    if (id == "DSbroken") return fail(Errc::io_failure, "queue.db: disk I/O error");
    if (id == "DSended") return KnownHandshake(EndedHandshake{Outcome::completed, Wall()});
    if (id == "DSending") return KnownHandshake(EndingHandshake{Outcome::failed, Wall()});
    return KnownHandshake(UnknownHandshake{});
  }

  std::vector<std::pair<std::string, Questions::OnFound>> asked_;
  std::vector<ServerResponse> answers_;
};

TEST_F(EndedRoute, NamesThoseThatHaveEndedInTheirOrder) {
  ask("DSnew\nDSended\nDSending\n");
  queue_answers();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, 409U);
  EXPECT_EQ(answers_[0].body,
            "DSended has ended: completed, 3h 0m ago; its record went to results/DSended.json\n"
            "DSending has ended: failed, 3h 0m ago; its record went to failed/DSending.json\n");
}

TEST_F(EndedRoute, GivesProgramsTheFieldsOfExplain) {
  ask("DSended\n", "application/json");
  queue_answers();
  EXPECT_EQ(answers_.at(0).body,
            R"({"id":"DSended","time":"1970-01-01T03:00:00.000000Z","state":"ended",)"
            R"("outcome":"completed","finished_at":"1970-01-01T00:00:00.000000Z",)"
            R"("file":"results/DSended.json"})"
            "\n");
}

TEST_F(EndedRoute, AnswersAtOnceWhereNoneHasEnded) {
  ask("DSnew\n");
  queue_answers();
  EXPECT_EQ(answers_.at(0).status, 200U);
  EXPECT_EQ(answers_.at(0).body, "");
  answers_.clear();
  ask("");
  EXPECT_EQ(answers_.at(0).status, 200U);
}

TEST_F(EndedRoute, RefusesALineThatIsNotAnId) {
  ask("DSnew\nD/S\n");
  EXPECT_EQ(answers_.at(0).status, 400U);
  EXPECT_EQ(answers_.at(0).body, "line 2 is not an id\n");
}

TEST_F(EndedRoute, AnErrorOfTheQueueIsServiceUnavailable) {
  ask("DSended\nDSbroken\n");
  queue_answers();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, 503U);
  EXPECT_EQ(answers_[0].body, "queue.db: disk I/O error\n");
}

}  // namespace
}  // namespace attestrd
