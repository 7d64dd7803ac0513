#include "http/http_date.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr Wall kNow = sys_days{2026y / November / 23} + 20h + 57min;
constexpr Wall kExample = sys_days{1994y / November / 6} + 8h + 49min + 37s;

std::optional<Wall> read(std::string_view text) { return read_http_date(text, kNow); }

TEST(HttpDate, IsReadInEachOfItsThreeForms) {
  EXPECT_EQ(read("Sun, 06 Nov 1994 08:49:37 GMT"), kExample);
  EXPECT_EQ(read("Sunday, 06-Nov-94 08:49:37 GMT"), kExample);
  EXPECT_EQ(read("Sun Nov  6 08:49:37 1994"), kExample);
}

TEST(HttpDate, KnowsEveryMonthAndDay) {
  EXPECT_EQ(read("Mon, 05 Jan 2026 00:00:00 GMT"), sys_days{2026y / January / 5});
  EXPECT_EQ(read("Tue, 03 Feb 2026 00:00:00 GMT"), sys_days{2026y / February / 3});
  EXPECT_EQ(read("Wed Dec 30 23:59:59 2026"), sys_days{2026y / December / 31} - 1s);
  EXPECT_EQ(read("Thursday, 31-Dec-26 00:00:00 GMT"), sys_days{2026y / December / 31});
  EXPECT_EQ(read("Fri, 01 May 2026 00:00:00 GMT"), sys_days{2026y / May / 1});
  EXPECT_EQ(read("Saturday, 29-Feb-92 00:00:00 GMT"), sys_days{1992y / February / 29});
}

TEST(HttpDate, AcceptsALeapSecond) {
  EXPECT_EQ(read("Sat, 31 Dec 2016 23:59:60 GMT"), sys_days{2017y / January / 1});
}

TEST(HttpDate, AcceptsTheFirstAndTheLastYear) {
  EXPECT_EQ(read("Sat, 01 Jan 0000 00:00:00 GMT"), sys_days{0y / January / 1});
  EXPECT_EQ(read("Fri, 31 Dec 9999 23:59:59 GMT"), sys_days{9999y / December / 31} + 24h - 1s);
}

TEST(HttpDate, IgnoresAWrongDayOfTheWeek) {
  EXPECT_EQ(read("Mon, 06 Nov 1994 08:49:37 GMT"), kExample);
}

TEST(HttpDate, ATwoDigitYearIsAtMost50YearsAhead) {
  EXPECT_EQ(read("Monday, 23-Nov-26 20:57:00 GMT"), kNow);
  EXPECT_EQ(read("Monday, 23-Nov-75 00:00:00 GMT"), sys_days{2075y / November / 23});
  EXPECT_EQ(read("Monday, 22-Nov-76 00:00:00 GMT"), sys_days{2076y / November / 22});
  EXPECT_EQ(read("Monday, 25-Nov-76 00:00:00 GMT"), sys_days{1976y / November / 25});
  EXPECT_EQ(read("Monday, 01-Jan-77 00:00:00 GMT"), sys_days{1977y / January / 1});
  EXPECT_EQ(read("Monday, 01-Jan-00 00:00:00 GMT"), sys_days{2000y / January / 1});
}

TEST(HttpDate, ATwoDigitYearCrossesACentury) {
  const Wall in_2090 = sys_days{2090y / January / 1};
  EXPECT_EQ(read_http_date("Monday, 01-Jan-05 00:00:00 GMT", in_2090),
            Wall(sys_days{2105y / January / 1}));
}

TEST(HttpDate, RefusesDatesOutsideTheCalendar) {
  for (const auto* text :
       {"Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 2025 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sunday, 29-Feb-93 08:49:37 GMT", "Sun Nov  0 08:49:37 1994", "Sun Nov 31 08:49:37 1994"})
    EXPECT_EQ(read(text), std::nullopt) << text;
}

TEST(HttpDate, RefusesDatesOutsideTheGrammar) {
  for (const auto* text : {"",
                           "GMT",
                           "120",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 +0000",
                           "Sun 06 Nov 1994 08:49:37 GMT",
                           "sun, 06 Nov 1994 08:49:37 GMT",
                           "Son, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 NOV 1994 08:49:37 GMT",
                           "Sun, 06 Nof 1994 08:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun,  6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun, 06 Nov 1994 8:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49 GMT",
                           "Sun, 06 Nov 1994 08-49-37 GMT",
                           "Sun, -6 Nov 1994 08:49:37 GMT",
                           "Sun, 0x Nov 1994 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "Sunday, 06-Nov-1994 08:49:37 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "Sundae, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov  6 08:49:37 94",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "Sun Nov    08:49:37 1994"})
    EXPECT_EQ(read(text), std::nullopt) << text;
}

}  // namespace
}  // namespace attestrd
