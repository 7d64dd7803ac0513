#include "ledger/operators/interventions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/ledger/trouble.h"
#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

class InterventionsTest : public ::testing::Test, public World {
 protected:
  void SetUp() override {
    given_submission("list", "DSa\nDSb\n");
    start();
    take_in();
  }

  bool is_held(std::string_view id) {
    const std::vector<HandshakeId> ids{id_of(id)};
    return queue().find_polling(ids)->at(0)->is_held;
  }
};

TEST_F(InterventionsTest, APauseIsDurableOnceItIsReported) {
  pause(true);
  const auto report = round();
  ASSERT_EQ(report.paused.size(), 1U);
  EXPECT_TRUE(report.paused[0].is_changed);
  ASSERT_TRUE(report.pause);
  EXPECT_EQ(report.pause->since, now);
  lose_power();
  start();
  EXPECT_EQ(queue().operator_pause()->since, report.pause->since);
}

TEST_F(InterventionsTest, RequestsOfOtherNodesAreRemovedWithTheirEffects) {
  RoundRequest part;
  part.holds = {{1, id_of("DSa"), true, 0}, {2, id_of("DSb"), true, 7}};
  part.done_requests = {8};
  QueueBatch batch;
  batch.changes.emplace_back(Done{id_of("DSc"), Outcome::failed, ""});
  Interventions().add_changes(part, now, batch);
  ASSERT_EQ(batch.requests.size(), 2U);
  EXPECT_EQ(batch.requests[0].number, 7);
  EXPECT_EQ(batch.requests[0].change, 2U);
  EXPECT_EQ(batch.requests[1].number, 8);
  EXPECT_FALSE(batch.requests[1].change);
  RoundRequest later;
  later.join(std::move(part));
  EXPECT_FALSE(later.is_empty());
  EXPECT_EQ(later.done_requests.size(), 1U);
}

TEST_F(InterventionsTest, ASecondPauseChangesNothingOfTheFirst) {
  pause(true);
  const auto since = round().pause->since;
  now += std::chrono::hours(1);
  pause(true);
  auto report = round();
  EXPECT_FALSE(report.paused.at(0).is_changed);
  EXPECT_FALSE(report.pause);
  die();
  start();
  pause(true);
  EXPECT_FALSE(round().paused.at(0).is_changed) << "the next process has recalled it";
  EXPECT_EQ(queue().operator_pause()->since, since);
}

TEST_F(InterventionsTest, TheLastRequestOfARoundHolds) {
  pause(true);
  pause(false);
  pause(false);
  const auto report = round();
  ASSERT_EQ(report.paused.size(), 3U);
  EXPECT_TRUE(report.paused[0].is_changed && report.paused[1].is_changed);
  EXPECT_FALSE(report.paused[2].is_changed);
  EXPECT_FALSE(queue().operator_pause()->since);
  pause(true);
  round();
  pause(false);
  EXPECT_EQ(round().pause, OperatorPause());
  EXPECT_FALSE(queue().operator_pause()->since);
}

TEST_F(InterventionsTest, HoldsAndReleasesWhatIsPending) {
  end("DSb", Outcome::failed);
  round();
  hold("DSa", true);
  hold("DSb", true);
  hold("DSnobody", true);
  auto report = round();
  ASSERT_EQ(report.held.size(), 3U);
  EXPECT_TRUE(report.held[0].is_pending);
  EXPECT_FALSE(report.held[1].is_pending || report.held[2].is_pending);
  ASSERT_EQ(report.holds.size(), 1U);
  EXPECT_EQ(report.holds[0].id, id_of("DSa"));
  EXPECT_TRUE(report.holds[0].is_held);
  lose_power();
  start();
  EXPECT_TRUE(is_held("DSa"));
  hold("DSa", false);
  report = round();
  EXPECT_FALSE(report.holds.at(0).is_held);
  EXPECT_FALSE(is_held("DSa"));
}

TEST_F(InterventionsTest, TroubleThatPassesDelaysThemAndRepeatsNothing) {
  bool is_on = false;
  for (const auto trouble : {Trouble::disk_full, Trouble::unavailable, Trouble::answer_lost}) {
    for (int step = 1; step <= 12; ++step) {
      SCOPED_TRACE(name_of(trouble) + std::to_string(step));
      is_on = !is_on;
      pause(is_on);
      hold("DSa", is_on);
      arm(kind_of(trouble), step);
      const auto report = round();
      disarm();
      ASSERT_EQ(report.paused.size(), 1U);
      EXPECT_TRUE(report.paused[0].is_changed);
      EXPECT_EQ(report.pause->since.has_value(), is_on);
      ASSERT_EQ(report.held.size(), 1U);
      EXPECT_TRUE(report.held[0].is_pending);
      EXPECT_EQ(queue().operator_pause()->since.has_value(), is_on);
      EXPECT_EQ(is_held("DSa"), is_on);
    }
  }
}

}  // namespace
}  // namespace attestrd::test
