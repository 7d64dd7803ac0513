#include "daemon/service/fleet/node_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace attestrd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

NodeRequest request(std::int64_t number, RequestVerb verb, const std::string& id = "DS1") {
  return {number, *HandshakeId::parse(id), verb, true};
}

/// A ledger and an engine that note what they are asked for.
class NodeRequestsTest : public ::testing::Test {
 protected:
  void ask(const EngineCommand& command, const Questions::OnAnswer& on_answer) {
    if (std::holds_alternative<KickCommand>(command))
      return on_answer(std::vector{is_adopted_ ? Kicked::due_now : Kicked::not_pending});
    cancels_ += 1;
    on_answer(std::vector{is_adopted_ ? Cancelled::cancelled : Cancelled::not_pending});
  }

  /// Answers the holds of the last round.
  void held(bool is_pending) {
    RoundReport report;
    for (const auto& hold : rounds_.back().holds) report.held.push_back({hold.ticket, is_pending});
    changes_.on_report(report);
  }

  void cancelled() {
    Notice notice(Event::handshake_failed, "");
    notice.handshake = *HandshakeId::parse("DS1");
    notice.outcome = Outcome::failed;
    notice.reason = std::string(name_of(Reason::cancelled));
    notice.file = "failed/DS1.json";
    RoundReport report;
    report.notices.push_back(notice);
    changes_.on_report(report);
  }

  bool is_adopted_ = true;
  int cancels_ = 0;
  std::vector<RoundRequest> rounds_;
  std::function<void(RoundRequest)> submit_ = [this](RoundRequest round) {
    rounds_.push_back(std::move(round));
  };
  std::function<void(EngineCommand, Questions::OnAnswer)> ask_ =
      [this](EngineCommand command, Questions::OnAnswer on_answer) { ask(command, on_answer); };
  OperatorChanges changes_{{submit_, ask_}};
  NodeRequests requests_{{submit_, ask_, changes_}};
};

TEST_F(NodeRequestsTest, AHoldIsWrittenWithTheNumberOfItsRequest) {
  requests_.take({request(7, RequestVerb::hold), request(8, RequestVerb::release, "DS2")});
  ASSERT_THAT(rounds_, SizeIs(2));
  EXPECT_EQ(rounds_[0].holds.at(0).node_request, 7);
  EXPECT_TRUE(rounds_[0].holds.at(0).is_held);
  EXPECT_EQ(rounds_[1].holds.at(0).node_request, 8);
  EXPECT_FALSE(rounds_[1].holds.at(0).is_held);
  requests_.take({request(7, RequestVerb::hold)});
  EXPECT_THAT(rounds_, SizeIs(2)) << "it has begun";
}

TEST_F(NodeRequestsTest, AHoldThatTheQueueRefusesIsTriedAgain) {
  requests_.take({request(7, RequestVerb::hold)});
  held(false);
  requests_.take({request(7, RequestVerb::hold)});
  EXPECT_THAT(rounds_, SizeIs(2));
  held(true);
  requests_.take({request(7, RequestVerb::hold)});
  EXPECT_THAT(rounds_, SizeIs(2)) << "its commit has removed the request";
}

TEST_F(NodeRequestsTest, ACancelIsRemovedOnceItIsDurable) {
  requests_.take({request(7, RequestVerb::cancel)});
  EXPECT_EQ(cancels_, 1);
  EXPECT_THAT(rounds_, IsEmpty());
  requests_.take({request(7, RequestVerb::cancel)});
  EXPECT_EQ(cancels_, 1);
  cancelled();
  ASSERT_THAT(rounds_, SizeIs(1));
  EXPECT_THAT(rounds_[0].done_requests, ElementsAre(7));
}

TEST_F(NodeRequestsTest, AKickIsRemovedAtOnce) {
  requests_.take({request(7, RequestVerb::kick)});
  ASSERT_THAT(rounds_, SizeIs(1));
  EXPECT_THAT(rounds_[0].done_requests, ElementsAre(7));
}

TEST_F(NodeRequestsTest, WhatTheEngineHasNotAdoptedYetWaits) {
  is_adopted_ = false;
  requests_.take({request(7, RequestVerb::kick), request(8, RequestVerb::cancel, "DS2")});
  EXPECT_THAT(rounds_, IsEmpty());
  is_adopted_ = true;
  requests_.take({request(7, RequestVerb::kick), request(8, RequestVerb::cancel, "DS2")});
  EXPECT_EQ(cancels_, 2);
  ASSERT_THAT(rounds_, SizeIs(1));
  EXPECT_THAT(rounds_[0].done_requests, ElementsAre(7));
}

TEST_F(NodeRequestsTest, OneWhoseHandshakeIsNotPendingIsRemovedAlone) {
  auto over = request(7, RequestVerb::cancel);
  over.is_pending = false;
  requests_.take({over});
  EXPECT_EQ(cancels_, 0);
  ASSERT_THAT(rounds_, SizeIs(1));
  EXPECT_THAT(rounds_[0].done_requests, ElementsAre(7));
}

}  // namespace
}  // namespace attestrd
