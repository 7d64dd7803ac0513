#include "http/retry_after.h"

#include <algorithm>

#include "base/text.h"
#include "http/http_date.h"

namespace attestrd {
namespace {

constexpr std::chrono::seconds kMost{std::int64_t{1} << 31};

/// Reads seconds, of which a fraction is rounded up: some servers write the float that they have.
std::optional<std::chrono::seconds> read_seconds(std::string_view text) {
  const auto point = std::min(text.find('.'), text.size());
  const auto whole = text.substr(0, point);
  const auto fraction = text.substr(std::min(point + 1, text.size()));
  const bool has_point = point < text.size();
  if (whole.empty() || !kDigits.contains_all(whole)) return std::nullopt;
  if (has_point && (fraction.empty() || !kDigits.contains_all(fraction))) return std::nullopt;

  std::chrono::seconds seconds{0};
  for (const char c : whole) {
    seconds = std::min(seconds * 10 + std::chrono::seconds{c - '0'}, kMost);
  }
  const bool has_rest = fraction.find_first_not_of('0') != fraction.npos;
  return std::min(seconds + std::chrono::seconds{has_rest ? 1 : 0}, kMost);
}

Duration until(Wall then, std::string_view date, Wall now) {
  const Wall answered = read_http_date(date, now).value_or(now);
  return std::max<Duration>(then - answered, Duration::zero());
}

}  // namespace

std::optional<Duration> read_retry_after(std::string_view retry_after, std::string_view date,
                                         Wall now) {
  if (retry_after.empty()) return std::nullopt;
  if (const auto seconds = read_seconds(retry_after)) {
    // A number of seconds that spans decades is the unix time at which the delay ends.
    constexpr std::chrono::seconds kFirstUnixTime{1'000'000'000};
    if (*seconds < kFirstUnixTime || *seconds == kMost) return *seconds;
    return until(Wall(*seconds), date, now);
  }
  const auto then = read_http_date(retry_after, now);
  if (!then) return std::nullopt;
  return until(*then, date, now);
}

}  // namespace attestrd
