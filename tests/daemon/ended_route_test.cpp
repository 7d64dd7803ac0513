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

/// A queue with handshakes that have ended and have one tag.
class EndedListRoute : public testing::Test {
 protected:
  ServerResponse get(std::string target, const Result<std::vector<HandshakeId>>& ended) {
    Questions questions;
    questions.look_up_ended = [&](EndedQuery query, const Questions::OnEnded& on_ended) {
      asked_ = std::move(query);
      on_ended(ended);
    };
    ServerRequest request;
    request.target = std::move(target);
    ServerResponse answer;
    ended_list_route(questions, request,
                     [&](ServerResponse response) { answer = std::move(response); });
    return answer;
  }

  EndedQuery asked_;
};

TEST_F(EndedListRoute, HasAnObjectForEachIdWithTheTag) {
  const std::vector<HandshakeId> ids{*HandshakeId::parse("DS1"), *HandshakeId::parse("DS2")};
  const auto answer = get("/ended?tag=a%20b&after=DS0", ids);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "{\"id\":\"DS1\"}\n{\"id\":\"DS2\"}\n");
  EXPECT_EQ(answer.next, "");
  EXPECT_EQ(asked_.tag, "a b");
  EXPECT_EQ(asked_.after, "DS0");
}

TEST_F(EndedListRoute, AFullPartNamesTheNext) {
  const std::vector<HandshakeId> ids(kMostIdLines, *HandshakeId::parse("DS1"));
  EXPECT_EQ(get("/ended?tag=a%26b", ids).next, "/ended?tag=a%26b&after=DS1");
  EXPECT_EQ(asked_.max_ids, kMostIdLines);
}

TEST_F(EndedListRoute, RefusesAQueryWithoutATag) {
  for (const auto* const target :
       {"/ended", "/ended?tag=", "/ended?after=DS1", "/ended?tag=a&more=b", "/ended?tag"})
    EXPECT_EQ(get(target, {}).status, 400U) << target;
}

TEST_F(EndedListRoute, AnErrorOfTheQueueIsServiceUnavailable) {
  const auto answer = get("/ended?tag=a", fail(Errc::io_failure, "queue.db: disk I/O error"));
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.body, "queue.db: disk I/O error\n");
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
