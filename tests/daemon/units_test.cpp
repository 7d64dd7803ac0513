#include "daemon/config/units.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(Units, ReadsDurations) {
  EXPECT_EQ(parse_duration("10ms"), 10ms);
  EXPECT_EQ(parse_duration("2s"), 2s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("25h"), 25h);
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(parse_duration("106751991d"), 24h * 106751991LL);  // the largest in 64 bits
}

TEST(Units, RefusesTextsThatAreNoDuration) {
  for (const auto* text : {"", "2", "s", "-2s", "+2s", " 2s", "2 s", "2s ", "1h30m", "1.5s", "2S",
                           "2sec", "1e3s", "106751992d", "99999999999999999999s", "2us"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Units, ReadsSizes) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("16MiB"), 16777216u);
  EXPECT_EQ(parse_size("1GiB"), 1073741824u);
}

TEST(Units, RefusesTextsThatAreNoSize) {
  for (const auto* text : {"", "KiB", "-1", "1kB", "1MB", "1mib", "1 MiB", "0.5MiB",
                           "99999999999GiB", "9223372036854775808"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Units, WritesThemInTheLargestUnitThatFits) {
  EXPECT_EQ(format_duration(10ms), "10ms");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(30min), "30m");
  EXPECT_EQ(format_duration(25h), "25h");
  EXPECT_EQ(format_duration(48h), "2d");
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_size(1000), "1000");
  EXPECT_EQ(format_size(1024), "1KiB");
  EXPECT_EQ(format_size(1 << 30), "1GiB");
}

}  // namespace
}  // namespace attestrd
