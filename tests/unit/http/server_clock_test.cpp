#include "http/server_clock.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

// 2025-11-24 16:00 UTC
constexpr Now kNow{Mono(1000h), Wall(Duration(1'764'000'000'000'000))};
constexpr std::string_view kRight = "Mon, 24 Nov 2025 16:00:00 GMT";
constexpr std::string_view kAnHourAhead = "Mon, 24 Nov 2025 17:00:00 GMT";

class ServerClockTest : public testing::Test {
 protected:
  bool warns(std::string_view date, Duration after) {
    return clock_.compare(date, {kNow.mono + after, kNow.wall});
  }
  ServerClock clock_;
};

TEST_F(ServerClockTest, NothingIsShownWithoutADate) {
  EXPECT_FALSE(warns("", 0s));
  EXPECT_FALSE(warns("not a date", 1s));
  EXPECT_FALSE(clock_.difference());
}

TEST_F(ServerClockTest, ASmallDifferenceIsShownWithoutAWarning) {
  EXPECT_FALSE(warns("Mon, 24 Nov 2025 16:04:59 GMT", 0s));
  EXPECT_EQ(clock_.difference(), 4min + 59s);
}

TEST_F(ServerClockTest, ALargeOneIsWarnedOfOnceWhenASecondAnswerConfirmsIt) {
  EXPECT_FALSE(warns(kAnHourAhead, 0s));
  EXPECT_FALSE(clock_.difference());
  EXPECT_TRUE(warns(kAnHourAhead, 1ms));
  EXPECT_EQ(clock_.difference(), 1h);
  EXPECT_FALSE(warns(kAnHourAhead, 5s));
  EXPECT_FALSE(warns(kRight, 10s));
  EXPECT_FALSE(warns(kAnHourAhead, 15s));
  EXPECT_TRUE(warns(kAnHourAhead, 20s)) << "the clocks agreed meanwhile";
}

TEST_F(ServerClockTest, OneAnswerThatLiesIsNotWarnedOf) {
  EXPECT_FALSE(warns("Thu, 01 Jan 1970 00:00:00 GMT", 0s));
  EXPECT_FALSE(warns(kRight, 1s));
  EXPECT_FALSE(warns("Thu, 01 Jan 1970 00:00:00 GMT", 3s));
  EXPECT_EQ(clock_.difference(), 0s);
}

TEST_F(ServerClockTest, ComparesFromTimeToTime) {
  EXPECT_FALSE(warns(kRight, 0s));
  EXPECT_FALSE(warns("Mon, 24 Nov 2025 16:00:30 GMT", 500ms));
  EXPECT_EQ(clock_.difference(), 0s);
  EXPECT_FALSE(warns("Mon, 24 Nov 2025 16:00:30 GMT", 1s));
  EXPECT_EQ(clock_.difference(), 30s);
}

}  // namespace
}  // namespace attestrd
