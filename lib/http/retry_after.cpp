#include "http/retry_after.h"

#include <algorithm>

#include "http/http_date.h"

namespace attestrd {
namespace {

std::optional<Duration> read_delta_seconds(std::string_view text) {
  constexpr std::chrono::seconds kMost{std::int64_t{1} << 31};
  std::chrono::seconds delta{0};
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    delta = std::min(delta * 10 + std::chrono::seconds{c - '0'}, kMost);
  }
  return delta;
}

}  // namespace

std::optional<Duration> read_retry_after(std::string_view retry_after, std::string_view date,
                                         Wall now) {
  if (retry_after.empty()) return std::nullopt;
  if (const auto delta = read_delta_seconds(retry_after)) return delta;
  const auto until = read_http_date(retry_after, now);
  if (!until) return std::nullopt;
  const Wall answered = read_http_date(date, now).value_or(now);
  return std::max(*until - answered, Duration::zero());
}

}  // namespace attestrd
