#include "ledger/capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(Capacity, ReadsAtMostAsManyLinesAsHandshakesFit) {
  Capacity capacity(limits::kIntakeLinesPerRound + 2);
  EXPECT_EQ(capacity.lines_to_read(), limits::kIntakeLinesPerRound);
  capacity.add_accepted(4);
  EXPECT_EQ(capacity.lines_to_read(), limits::kIntakeLinesPerRound - 2);
  capacity.remove_ended(1);
  EXPECT_EQ(capacity.lines_to_read(), limits::kIntakeLinesPerRound - 1);
}

TEST(Capacity, ReadsNoLinesWhileRowsWait) {
  Capacity capacity(5);
  capacity.add_claimed(3, 3);
  EXPECT_TRUE(capacity.has_unclaimed());
  EXPECT_EQ(capacity.lines_to_read(), 0U);
  capacity.add_claimed(1, 2);
  EXPECT_FALSE(capacity.has_unclaimed());
  EXPECT_EQ(capacity.lines_to_read(), 1U);
}

TEST(Capacity, ReportsFullOnceAndOpenOnceAHundredthIsFree) {
  Capacity capacity(200);
  EXPECT_FALSE(capacity.changed());
  capacity.add_accepted(200);
  EXPECT_EQ(capacity.changed()->event, Event::intake_full);
  EXPECT_FALSE(capacity.changed());
  capacity.remove_ended(2);
  EXPECT_FALSE(capacity.changed());
  capacity.remove_ended(1);
  EXPECT_EQ(capacity.changed()->event, Event::intake_open);
  EXPECT_FALSE(capacity.changed());
}

TEST(Capacity, CountsNoEndOfWhatItDoesNotHold) {
  Capacity capacity(3);
  capacity.remove_ended(2);
  EXPECT_EQ(capacity.free(), 3U);
}

class FullEngineTest : public ::testing::Test, public World {
 protected:
  FullEngineTest() { bounds.pending = 3; }

  RoundReport scan_once() {
    request.scan_inbox = scan();
    return round();
  }
};

TEST_F(FullEngineTest, SubmissionsWaitInTheInbox) {
  given_submission("list", "DSa\nDSb\nDSc\nDSd\nDSe\n");
  start();
  for (int i = 0; i < 3; ++i) scan_once();
  EXPECT_THAT(polling(), ElementsAre("DSa", "DSb", "DSc"));
  for (int i = 0; i < 3; ++i) {
    const auto report = scan_once();
    EXPECT_THAT(report.accepted, SizeIs(0));
    EXPECT_TRUE(report.inbox_waits);
  }
  EXPECT_EQ(logged(Event::intake_full), 1U);
  end("DSb", Outcome::failed, Reason::expired);
  round();
  settle();
  const auto report = scan_once();
  ASSERT_THAT(report.accepted, SizeIs(1));
  EXPECT_EQ(report.accepted[0].id, id_of("DSd"));
  EXPECT_THAT(polling(), ElementsAre("DSa", "DSc", "DSd"));
}

TEST_F(FullEngineTest, RowsWaitInTheQueueAndComeBeforeSubmissions) {
  bounds.pending = 6;
  given_submission("list", "DSa\nDSb\nDSc\nDSd\nDSe\n");
  start();
  take_in();
  die();
  bounds.pending = 3;
  start();
  given_submission("more", "DSz\n");
  EXPECT_THAT(scan_once().accepted, SizeIs(0));
  end("DSa", Outcome::failed, Reason::expired);
  end("DSb", Outcome::failed, Reason::expired);
  round();
  std::vector<HandshakeId> ids;
  for (int i = 0; i < 4; ++i)
    for (const auto& row : scan_once().claimed) ids.push_back(row.id);
  EXPECT_THAT(ids, ElementsAre(id_of("DSd"), id_of("DSe")));
  end("DSc", Outcome::failed, Reason::expired);
  round();
  settle();
  scan_once();
  EXPECT_THAT(scan_once().accepted, SizeIs(1)) << "all rows are claimed";
  EXPECT_THAT(polling(), ElementsAre("DSd", "DSe", "DSz"));
}

}  // namespace
}  // namespace attestrd::test
