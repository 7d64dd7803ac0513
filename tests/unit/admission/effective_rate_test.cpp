#include "admission/effective_rate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"
#include "unit/admission/limited_server.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

struct KindOfLimiter {
  const char* name;
  Limiter (*make)(double rate);
};

constexpr KindOfLimiter kKinds[] = {
    {"token bucket", [](double rate) { return token_bucket(rate, rate); }},
    {"fixed second", [](double rate) { return fixed_window(rate, 1s); }},
    {"sliding window", [](double rate) { return sliding_window(rate, 1s, false); }},
    {"sliding window of all", [](double rate) { return sliding_window(rate, 1s, true); }}};

/// The share of the requests that a limiter allows, from 60 to 180 s, which must be used.
constexpr double kLeastShare = 0.85;

TEST(EffectiveRate, MostOfWhatAServerAllowsIsUsedWhateverItsLimiter) {
  for (const auto& [name, make] : kKinds) {
    for (const double allowed : {2.0, 5.0, 10.0, 50.0}) {
      for (const Duration retry_after : {0s, 1s, 2s}) {
        LimitedServer server({.requests_per_second = 20, .connections = 32}, make(allowed));
        if (retry_after > 0s) server.retry_after = retry_after;
        const auto first = server.play(60s);
        const auto counts = server.play(120s);
        const double share = counts.good / 120 / std::min(allowed, 20.0);
        const auto what = fmt::format("{}, {} allowed, Retry-After {}: {:.2f}", name, allowed,
                                      seconds_of(retry_after), share);
        EXPECT_GE(share, allowed > 20 ? 0.95 : kLeastShare) << what;
        EXPECT_LE(counts.refused, 0.05 * counts.good) << what;
        EXPECT_EQ(first.pauses + counts.pauses, 0) << what;
      }
    }
  }
}

TEST(EffectiveRate, WithoutAConfiguredRateTheServersIsFound) {
  for (const auto& [name, make] : kKinds) {
    for (const double allowed : {2.0, 50.0}) {
      LimitedServer server({.requests_per_second = 0, .connections = 64}, make(allowed));
      server.retry_after = 1s;
      server.play(60s);
      const auto counts = server.play(120s);
      EXPECT_GE(counts.good / 120, kLeastShare * allowed) << name << ", " << allowed;
      server.replace_limiter([](Mono) { return true; });
      server.play(15min);
      EXPECT_EQ(server.admission().effective_rate().value(), 0) << "no limit any more";
    }
  }
}

TEST(EffectiveRate, ALongRetryAfterIsSeldomProvoked) {
  for (const Duration retry_after : {5s, 20s}) {
    LimitedServer server({.requests_per_second = 20, .connections = 32}, fixed_window(5, 1s));
    server.retry_after = retry_after;
    server.play(20min);
    EXPECT_GE(server.play(1h).good / 3600, kLeastShare * 5) << seconds_of(retry_after);
  }
}

TEST(EffectiveRate, ALimiterOfALongerTimeIsFoundToo) {
  for (const double allowed : {2.0, 10.0}) {
    LimitedServer server({.requests_per_second = 20, .connections = 32},
                         sliding_window(allowed, 10s, false));
    server.play(5min);
    EXPECT_GE(server.play(10min).good / 600, kLeastShare * allowed);
  }
}

TEST(EffectiveRate, AServerThatAllowsMoreIsFollowedWithinMinutes) {
  LimitedServer server({.requests_per_second = 20, .connections = 32}, token_bucket(2, 2));
  server.play(2min);
  EXPECT_LT(server.admission().effective_rate().value(), 3);
  server.replace_limiter(token_bucket(100, 100));
  server.play(3min);
  EXPECT_EQ(server.admission().effective_rate().value(), 20);
  EXPECT_FALSE(server.admission().effective_rate().is_lowered());
}

TEST(EffectiveRate, AServerThatRefusesEverythingIsAskedByOneCanaryAfterSeconds) {
  LimitedServer server({.requests_per_second = 20, .connections = 32}, [](Mono) { return false; });
  const auto first = server.play(20s);
  EXPECT_EQ(first.pauses, 1);
  EXPECT_LE(first.refused, 12);
  EXPECT_LE(server.play(10min).refused, 10);
  server.replace_limiter([](Mono) { return true; });
  server.play(11min);
  EXPECT_EQ(server.admission().effective_rate().value(), 20);
}

TEST(EffectiveRate, PollsThatBeganBeforeARefusalCountNoMore) {
  EffectiveRate rate;
  rate.set_configured(20);
  rate.poll_ended();
  EXPECT_TRUE(rate.refused(Mono(1h), {}, 2));
  const double lowered = rate.value();
  for (int i = 0; i < 2; ++i) {
    rate.poll_ended();
    EXPECT_TRUE(rate.refused(Mono(1h), {}, 1));
    EXPECT_EQ(rate.value(), lowered);
  }
  rate.poll_ended();
  rate.good(Mono(1h));
  EXPECT_GT(rate.value(), lowered);
  rate.poll_ended();
  EXPECT_TRUE(rate.refused(Mono(1h), {}, 0));
  EXPECT_LT(rate.value(), lowered);
}

TEST(EffectiveRate, ANewConfiguredRateIsTriedAtOnceAndTheSameOneIsNot) {
  EffectiveRate rate;
  rate.set_configured(20);
  rate.poll_ended();
  rate.refused(Mono(1h), {}, 0);
  const double lowered = rate.value();
  rate.set_configured(20);
  EXPECT_EQ(rate.value(), lowered);
  rate.set_configured(50);
  EXPECT_EQ(rate.value(), 50);
}

TEST(EffectiveRate, AConfiguredRateBelowTheFloorIsTheFloor) {
  EffectiveRate rate;
  rate.set_configured(0.1);
  rate.poll_ended();
  EXPECT_FALSE(rate.refused(Mono(1h), {}, 0));
  EXPECT_EQ(rate.value(), 0.1);
}

}  // namespace
}  // namespace attestrd
