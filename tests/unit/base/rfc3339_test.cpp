#include "base/rfc3339.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

std::string in_milliseconds(Wall time) {
  std::string text = "at ";
  append_rfc3339(text, time, TimePrecision::milliseconds);
  return text;
}

TEST(Rfc3339, WritesMicroseconds) {
  const Wall time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 20h + 57min + 123us;
  EXPECT_EQ(to_rfc3339(time), "2026-11-23T20:57:00.000123Z");
  EXPECT_EQ(to_rfc3339(Wall(0us)), "1970-01-01T00:00:00.000000Z");
}

TEST(Rfc3339, TruncatesToMilliseconds) {
  const Wall time = std::chrono::sys_days(std::chrono::year(2026) / 2 / 3) + 4h + 5min + 6s;
  EXPECT_EQ(in_milliseconds(time + 789'999us), "at 2026-02-03T04:05:06.789Z");
  EXPECT_EQ(in_milliseconds(time + 999us), "at 2026-02-03T04:05:06.000Z");
}

TEST(Rfc3339, RoundsDownBefore1970Too) {
  EXPECT_EQ(to_rfc3339(Wall(-1us)), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(in_milliseconds(Wall(-1us)), "at 1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, KnowsLeapDays) {
  const Wall time = std::chrono::sys_days(std::chrono::year(2028) / 2 / 28) + 24h;
  EXPECT_EQ(to_rfc3339(time), "2028-02-29T00:00:00.000000Z");
}

TEST(Rfc3339, ReadsWhatItWrites) {
  const Wall time = std::chrono::sys_days(std::chrono::year(2028) / 2 / 29) + 4h + 5min + 6s + 78ms;
  EXPECT_EQ(parse_rfc3339_ms("2028-02-29T04:05:06.078Z"), time);
  EXPECT_EQ(parse_rfc3339_ms("1969-12-31T23:59:59.999Z"), Wall(-1ms));
}

TEST(Rfc3339, ReadsNothingElse) {
  for (const auto* const text :
       {"", "2028-02-29T04:05:06Z", "2027-02-29T04:05:06.078Z", "2028-02-29 04:05:06.078Z",
        "2028-02-29T04:05:06.078z", "2028-02-29T24:05:06.078Z", "2028-02-29T04:05:60.078Z",
        "2028-02-29T04:05:06,078Z", "2028-0a-29T04:05:06.078Z", "2028-02-29T04:05:-6.078Z",
        "xxxxxxxxxxxxxxxxxxxxxxxx"})
    EXPECT_EQ(parse_rfc3339_ms(text), std::nullopt) << text;
}

}  // namespace
}  // namespace attestrd
