#include "daemon/control/operator_changes.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace attestrd {
namespace {

HandshakeId id(std::string_view text) { return *HandshakeId::parse(text); }

class OperatorChangesTest : public testing::Test {
 protected:
  /// Asks for the end of the handshakes; the engine answers `answers`.
  void cancel(const std::vector<HandshakeId>& ids, const std::vector<Cancelled>& answers) {
    cancelled_ = answers;
    changes_.cancel(ids, [this](const std::vector<CancelOutcome>& outcomes) { ends_ = outcomes; });
  }

  void reports_end(std::string_view text, Outcome outcome, std::string reason = "") {
    RoundReport report;
    Notice notice;
    notice.handshake = id(text);
    notice.outcome = outcome;
    notice.reason = std::move(reason);
    notice.file = "its record";
    report.notices.push_back(notice);
    report.settled.push_back(id(text));
    changes_.on_report(report);
  }

  RoundRequest submitted_;
  std::vector<Cancelled> cancelled_;
  std::function<void()> before_answer_;
  std::optional<std::vector<CancelOutcome>> ends_;
  OperatorChanges changes_{
      {.submit = [this](RoundRequest request) { submitted_.join(std::move(request)); },
       .ask_engine =
           [this](const EngineCommand&, const Questions::OnAnswer& on_answer) {
             if (before_answer_) before_answer_();
             on_answer(cancelled_);
           }}};
};

TEST_F(OperatorChangesTest, EachPauseIsAnsweredByTheReportOfItsRound) {
  std::vector<bool> answers;
  for (const bool is_paused : {true, false})
    changes_.pause(is_paused, [&answers](bool is_changed) { answers.push_back(is_changed); });
  ASSERT_EQ(submitted_.pauses.size(), 2U);
  EXPECT_TRUE(submitted_.pauses[0].is_paused);
  EXPECT_TRUE(answers.empty()) << "it is not durable yet";
  RoundReport report;
  report.paused = {{submitted_.pauses[1].ticket, true}, {submitted_.pauses[0].ticket, false}};
  changes_.on_report(report);
  EXPECT_EQ(answers, (std::vector{true, false}));
}

TEST_F(OperatorChangesTest, AHoldIsAnsweredOnceAllIdsAre) {
  std::optional<std::vector<HoldAnswer>> answers;
  const auto on_held = [&answers](const std::vector<HoldAnswer>& held) { answers = held; };
  changes_.hold({id("a"), id("b")}, true, on_held);
  for (const std::size_t i : {1, 0}) {
    EXPECT_FALSE(answers);
    RoundReport report;
    report.held = {{submitted_.holds.at(i).ticket, i == 0}};
    changes_.on_report(report);
  }
  ASSERT_TRUE(answers);
  EXPECT_TRUE(answers->at(0).is_pending);
  EXPECT_FALSE(answers->at(1).is_pending);
  answers.reset();
  changes_.hold({}, true, on_held);
  EXPECT_TRUE(answers && answers->empty());
}

TEST_F(OperatorChangesTest, ACancelIsAnsweredOnceAllRecordsArePublished) {
  cancel({id("a"), id("b"), id("c"), id("a")}, {Cancelled::cancelled, Cancelled::after_poll,
                                                Cancelled::after_poll, Cancelled::cancelled});
  reports_end("other", Outcome::completed);
  reports_end("a", Outcome::failed, "cancelled");
  reports_end("b", Outcome::completed);
  EXPECT_FALSE(ends_);
  reports_end("c", Outcome::failed, "expired");
  EXPECT_EQ(ends_, (std::vector{CancelOutcome::cancelled, CancelOutcome::completed,
                                CancelOutcome::ended, CancelOutcome::cancelled}));
}

TEST_F(OperatorChangesTest, AnEndMayBeReportedBeforeTheEngineAnswers) {
  before_answer_ = [this] { reports_end("a", Outcome::failed, "cancelled"); };
  cancel({id("a"), id("b")}, {Cancelled::cancelled, Cancelled::not_pending});
  EXPECT_EQ(ends_, (std::vector{CancelOutcome::cancelled, CancelOutcome::not_pending}));
}

TEST_F(OperatorChangesTest, ACancelDoesNotWaitForWhatIsNotPending) {
  cancel({id("a"), id("b")}, {Cancelled::ending, Cancelled::not_pending});
  EXPECT_EQ(ends_, (std::vector{CancelOutcome::ending, CancelOutcome::not_pending}));
  ends_.reset();
  cancel({id("gone"), id("lost")}, {Cancelled::cancelled, Cancelled::after_poll});
  RoundReport report;
  report.settled.push_back(id("gone"));
  report.lost.push_back(id("lost"));
  changes_.on_report(report);
  EXPECT_EQ(ends_, (std::vector{CancelOutcome::not_pending, CancelOutcome::not_pending}));
}

}  // namespace
}  // namespace attestrd
