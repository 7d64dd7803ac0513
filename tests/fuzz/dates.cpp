// Fuzzes times in headers: http/http_date and http/retry_after against the calendar of the C
// library. The first line of the input is a Retry-After, the second a Date, the third the current
// time in unix seconds.

#include "fuzz/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>

#include "http/http_date.h"
#include "http/retry_after.h"

namespace attestrd::fuzz {
namespace {

using std::chrono::seconds;

constexpr seconds kFiftyYears = std::chrono::years(50);
constexpr std::time_t kYear10000 = 253'402'300'800;

/// The three forms in the notation of strftime, with `@` for the year, which strftime does not pad.
constexpr const char* kImfFixdate = "%a, %d %b @ %H:%M:%S GMT";
constexpr const char* kRfc850 = "%A, %d-%b-%y %H:%M:%S GMT";
constexpr const char* kAsctime = "%a %b %e %H:%M:%S @";

Wall wall(std::time_t time) { return Wall(seconds(time)); }
std::time_t unix_time(Wall wall) {
  return std::chrono::floor<seconds>(wall).time_since_epoch().count();
}

std::string format(const char* form, std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 64> text;
  std::string out(text.data(), std::strftime(text.data(), text.size(), form, &parts));
  const auto at = out.find('@');
  return at == out.npos ? out : out.replace(at, 1, fmt::format("{:04}", parts.tm_year + 1900));
}

/// Returns the text without the name of the day, short or long, which need not match the date.
std::optional<std::string> without_day(std::string_view text) {
  for (int day = 0; day < 7; ++day) {
    const std::time_t time = day * 86'400;
    for (const auto& name : {format("%A,", time), format("%a,", time), format("%a ", time)})
      if (text.starts_with(name))
        return std::string(1, name.back()) + std::string(text.substr(name.size()));
  }
  return std::nullopt;
}

/// Returns whether `text` is `time` in the given form; the name of the day is not compared.
bool says(std::string_view text, const char* form, std::time_t time) {
  auto own = format(form, time);
  std::string given(text);
  // In asctime's form a zero may precede the day as well.
  constexpr std::size_t kDayAt = 8;
  if (form == kAsctime && given.size() > kDayAt && given[kDayAt] == '0') given[kDayAt] = ' ';
  const auto rest = without_day(given);
  const auto own_rest = without_day(own);
  const bool has_long_name = given.find("day,") != given.npos;
  return rest && rest == own_rest && has_long_name == (form == kRfc850);
}

/// Returns the text with a leap second replaced by the second before it.
std::optional<std::string> before_leap_second(std::string_view text) {
  const auto at = text.find(":60");
  if (at == text.npos) return std::nullopt;
  std::string out(text);
  return out.replace(at, 3, ":59");
}

int year_of(std::time_t time) {
  std::tm parts{};
  return ::gmtime_r(&time, &parts)->tm_year + 1900;
}

/// Checks that a two-digit year is the last such year at most 50 years ahead.
void check_century(std::time_t time, Wall now) {
  ATTESTRD_CHECK(wall(time) - now <= kFiftyYears);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  parts.tm_year += 100;
  const std::time_t next = ::timegm(&parts);
  const bool is_next_too_far = wall(next) - now > kFiftyYears;
  ATTESTRD_CHECK(is_next_too_far || year_of(next) > year_of(unix_time(now)) + 50);
}

/// Checks a date that was accepted.
void check_date(std::string_view text, Wall time, Wall now) {
  const auto at = unix_time(time);
  ATTESTRD_CHECK(wall(at) == time);
  const auto plain = before_leap_second(text);
  const auto said = plain.value_or(std::string(text));
  const auto moment = plain ? at - 1 : at;
  const bool is_two_digit = says(said, kRfc850, moment);
  ATTESTRD_CHECK(is_two_digit || says(said, kImfFixdate, moment) || says(said, kAsctime, moment));
  if (is_two_digit) check_century(at, now);
}

/// Checks that a time written in each of the three forms is read back.
void check_forms(std::time_t time) {
  ATTESTRD_CHECK(read_http_date(format(kImfFixdate, time), wall(0)) == wall(time));
  ATTESTRD_CHECK(read_http_date(format(kAsctime, time), wall(0)) == wall(time));
  constexpr std::time_t kLess = 49 * 31'556'952L;
  for (const auto now : {time - kLess, time, time + kLess})
    ATTESTRD_CHECK(read_http_date(format(kRfc850, time), wall(now)) == wall(time));
}

std::optional<Duration> delta(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  std::int64_t value = kMost;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return seconds(read.ec == std::errc{} ? std::min(value, kMost) : kMost);
}

void check_wait(std::string_view retry_after, std::string_view date, Wall now) {
  const auto wait = read_retry_after(retry_after, date, now);
  if (const auto expected = delta(retry_after)) {
    ATTESTRD_CHECK(wait == expected);
    return;
  }
  const auto until = read_http_date(retry_after, now);
  ATTESTRD_CHECK(wait.has_value() == until.has_value());
  if (!wait) return;
  const auto from = read_http_date(date, now).value_or(now);
  ATTESTRD_CHECK(*wait == (*until > from ? *until - from : Duration::zero()));
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void check(std::string_view text) {
  Prng luck = luck_of(text);
  const auto retry_after = take_line(text);
  const auto date = take_line(text);
  const auto present = take_line(text);
  std::int64_t now_s = 0;
  std::from_chars(present.data(), present.data() + present.size(), now_s);
  const Wall now = wall(std::clamp<std::int64_t>(now_s, 0, kYear10000));
  for (const auto line : {retry_after, date})
    if (const auto time = read_http_date(line, now)) check_date(line, *time, now);
  check_wait(retry_after, date, now);
  check_forms(static_cast<std::time_t>(drawn(luck, 0, kYear10000 - 1)));
}

}  // namespace
}  // namespace attestrd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attestrd::fuzz::check(attestrd::fuzz::text_of(data, size));
  return 0;
}
