#include "http/retry_after.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr Wall kNow = sys_days{2026y / November / 23} + 20h + 57min;
constexpr std::string_view kDate = "Mon, 23 Nov 2026 12:00:00 GMT";

std::optional<Duration> wait(std::string_view retry_after, std::string_view date = kDate) {
  return read_retry_after(retry_after, date, kNow);
}

TEST(RetryAfter, IsANumberOfSeconds) {
  EXPECT_EQ(wait("120"), 120s);
  EXPECT_EQ(wait("0"), 0s);
  EXPECT_EQ(wait("007"), 7s);
}

TEST(RetryAfter, IsBoundedSoThatAnyClockCanAddIt) {
  constexpr auto kMost = seconds{2'147'483'648};
  EXPECT_EQ(wait("999999999"), 999'999'999s);
  EXPECT_EQ(wait("2147483648"), kMost);
  EXPECT_EQ(wait("2147483649"), kMost);
  EXPECT_EQ(wait("18446744073709551617"), kMost);
  EXPECT_EQ(wait(std::string(10'000, '9')), kMost);
}

TEST(RetryAfter, RoundsAFractionUp) {
  EXPECT_EQ(wait("1.5"), 2s);
  EXPECT_EQ(wait("0.001"), 1s);
  EXPECT_EQ(wait("0.0"), 0s);
  EXPECT_EQ(wait("29.999999"), 30s);
  EXPECT_EQ(wait("30.000"), 30s);
  EXPECT_EQ(wait(std::string(10'000, '9') + ".9"), seconds{2'147'483'648});
}

TEST(RetryAfter, UnderstandsAUnixTime) {
  const auto unix_time = [](Wall when) {
    return std::to_string(duration_cast<seconds>(when.time_since_epoch()).count());
  };
  constexpr Wall kAnswered = sys_days{2026y / November / 23} + 12h;
  EXPECT_EQ(wait(unix_time(kAnswered + 30s)), 30s);
  EXPECT_EQ(wait(unix_time(kAnswered + 30s) + ".25"), 31s);
  EXPECT_EQ(wait(unix_time(kAnswered)), 0s);
  EXPECT_EQ(wait(unix_time(kAnswered - 1h)), 0s);
  EXPECT_EQ(wait(unix_time(kNow + 30s), ""), 30s);
}

TEST(RetryAfter, IsRelativeToTheDateOfTheAnswer) {
  EXPECT_EQ(wait("Mon, 23 Nov 2026 12:00:30 GMT"), 30s);
  EXPECT_EQ(wait("Monday, 23-Nov-26 12:01:00 GMT"), 60s);
  EXPECT_EQ(wait("Mon Nov 23 13:00:00 2026"), 1h);
}

TEST(RetryAfter, IsRelativeToOurClockIfTheAnswerHasNoDate) {
  EXPECT_EQ(wait("Mon, 23 Nov 2026 20:57:30 GMT", ""), 30s);
  EXPECT_EQ(wait("Mon, 23 Nov 2026 20:57:30 GMT", "yesterday"), 30s);
}

TEST(RetryAfter, IsZeroOnceItsDateHasPassed) {
  EXPECT_EQ(wait("Mon, 23 Nov 2026 11:59:59 GMT"), 0s);
  EXPECT_EQ(wait("Mon, 23 Nov 2026 12:00:00 GMT"), 0s);
  EXPECT_EQ(wait("Sat, 01 Jan 0000 00:00:00 GMT"), 0s);
}

TEST(RetryAfter, IsEmptyIfAbsentOrMalformed) {
  for (const auto* text : {"", " ", "-1", "+1", ".5", "1.", "1.5.5", "1,5", "1.x", ".", "1s", " 1",
                           "1 ", "0x10", "soon", "1, 2", "Mon, 23 Nov 2026 12:00:30"})
    EXPECT_EQ(wait(text), std::nullopt) << text;
}

}  // namespace
}  // namespace attestrd
