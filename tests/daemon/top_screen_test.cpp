#include "daemon/cli/top/top_screen.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TopAnswers answers() {
  TopAnswers answers;
  answers.sample = TopSample(
      "attestrd_handshakes{state=\"pending\"} 1200\nattestrd_handshakes{state=\"in_flight\"} 3\n"
      "attestrd_handshakes{state=\"settling\"} 1\nattestrd_handshakes_held 2\n"
      "attestrd_due_lag_seconds 65\nattestrd_oldest_pending_age_seconds 93600\n"
      "attestrd_polls_total{answer=\"pending\"} 500\nattestrd_polls_total{answer=\"completed\"} "
      "40\n"
      "attestrd_polls_total{answer=\"archived\"} 0\n"
      "attestrd_rate_limit{kind=\"configured\"} 20\nattestrd_rate_limit{kind=\"effective\"} 4.5\n"
      "attestrd_detection_delay_seconds_sum 200\nattestrd_detection_delay_seconds_count 40\n"
      "attestrd_handshakes_ended_total{outcome=\"completed\",reason=\"none\"} 40\n"
      "attestrd_spool_waiting{folder=\"results\"} 7\n");
  answers.before = TopSample("attestrd_polls_total{answer=\"pending\"} 520\n");
  answers.between = 2s;
  answers.status =
      "attestrd              0.1.0, running for 2m 5s, pid 4242\n"
      "held                  the disk is full: nothing is fetched until there is room\n"
      "held by operators     2: see attestrd release\n"
      "next poll             in 2s\n";
  answers.ages = "age      pending\nup to 1m 12\n";
  return answers;
}

TEST(TopScreen, ShowsWhatWaitsHowFastAndWhatHoldsIt) {
  EXPECT_EQ(
      top_screen(answers(), 100, 50),
      (std::vector<std::string>{
          "attestrd     0.1.0, running for 2m 5s, pid 4242",
          "polling      HELD: the disk is full: nothing is fetched until there is room", "",
          "handshakes   1200 pending, 3 in flight, 1 being written, 2 held",
          "due          next poll in 2s; the oldest has been due for 1m 5s", "oldest       1d 2h",
          "polls        10.0 a second, of 20 configured; Attestr allows 4.5",
          "answers      completed 40, pending 500",
          "delay        at most 5.0 s in the mean of 40 results",
          "endings      40 since the start of the daemon", "spool        results 7", "",
          "age      pending", "up to 1m 12"}));
}

TEST(TopScreen, FitsIntoASmallTerminal) {
  const auto lines = top_screen(answers(), 20, 3);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "attestrd     0.1.0, ");
  EXPECT_TRUE(top_screen(answers(), 80, 0).empty());
}

TEST(TopScreen, HasNoRateBeforeTheSecondSample) {
  auto first = answers();
  first.between = 0s;
  EXPECT_EQ(top_screen(first, 100, 50)[6],
            "polls        0.0 a second, of 20 configured; Attestr allows 4.5");
  EXPECT_EQ(top_screen({}, 100, 50)[1], "polling      allowed");
  EXPECT_EQ(top_screen({}, 100, 50)[8], "delay        no result yet");
}

}  // namespace
}  // namespace attestrd
