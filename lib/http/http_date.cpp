#include "http/http_date.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/text.h"

namespace attestrd {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;
using std::chrono::years;

constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// A parser of a text from the left. The first mismatch invalidates the whole result, so a caller
/// checks is_complete() once, at the end.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void literal(std::string_view expected) {
    if (rest_.starts_with(expected)) {
      rest_.remove_prefix(expected.size());
    } else {
      good_ = false;
    }
  }

  /// Returns the index in `names` of the next name.
  std::size_t name(std::span<const std::string_view> names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!rest_.starts_with(names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return i;
    }
    good_ = false;
    return 0;
  }

  /// Returns a number of exactly `digits` digits, of which the first may be a space if `padded`.
  int number(std::size_t digits, bool padded = false) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = i < rest_.size() ? rest_[i] : '\0';
      if (padded && i == 0 && c == ' ') continue;
      if (!is_digit(c)) good_ = false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(std::min(digits, rest_.size()));
    return value;
  }

  bool is_complete() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct Parts {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

void read_month(Reader& reader, Parts& parts) {
  parts.month = static_cast<unsigned>(reader.name(kMonths)) + 1;
}

void read_day(Reader& reader, Parts& parts, bool padded = false) {
  parts.day = static_cast<unsigned>(reader.number(2, padded));
}

void read_time(Reader& reader, Parts& parts) {
  parts.hour = reader.number(2);
  reader.literal(":");
  parts.minute = reader.number(2);
  reader.literal(":");
  parts.second = reader.number(2);
}

std::optional<Parts> read_imf_fixdate(std::string_view text) {
  Parts parts;
  Reader reader(text);
  reader.name(kDays);
  reader.literal(", ");
  read_day(reader, parts);
  reader.literal(" ");
  read_month(reader, parts);
  reader.literal(" ");
  parts.year = reader.number(4);
  reader.literal(" ");
  read_time(reader, parts);
  reader.literal(" GMT");
  return reader.is_complete() ? std::optional(parts) : std::nullopt;
}

std::optional<Parts> read_rfc850(std::string_view text) {
  Parts parts;
  Reader reader(text);
  reader.name(kLongDays);
  reader.literal(", ");
  read_day(reader, parts);
  reader.literal("-");
  read_month(reader, parts);
  reader.literal("-");
  parts.year = reader.number(2);
  reader.literal(" ");
  read_time(reader, parts);
  reader.literal(" GMT");
  return reader.is_complete() ? std::optional(parts) : std::nullopt;
}

std::optional<Parts> read_asctime(std::string_view text) {
  Parts parts;
  Reader reader(text);
  reader.name(kDays);
  reader.literal(" ");
  read_month(reader, parts);
  reader.literal(" ");
  read_day(reader, parts, true);
  reader.literal(" ");
  read_time(reader, parts);
  reader.literal(" ");
  parts.year = reader.number(4);
  return reader.is_complete() ? std::optional(parts) : std::nullopt;
}

std::optional<Wall> time_of(const Parts& parts) {
  const year_month_day date{year{parts.year}, month{parts.month}, std::chrono::day{parts.day}};
  if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
  return sys_days{date} + hours{parts.hour} + minutes{parts.minute} + seconds{parts.second};
}

/// Returns the time of a date whose year has two digits. A date that seems to be more than 50 years
/// ahead is in the past (RFC 9110, 5.6.7).
std::optional<Wall> time_of_two_digit_year(Parts parts, Wall now) {
  const year_month_day today{std::chrono::floor<days>(now)};
  const int last = static_cast<int>(today.year() + years{50});
  parts.year = last - (last - parts.year) % 100;
  const auto time = time_of(parts);
  if (parts.year < last || !time || *time - now <= years{50}) return time;
  parts.year -= 100;
  return time_of(parts);
}

}  // namespace

std::optional<Wall> read_http_date(std::string_view text, Wall now) {
  if (const auto parts = read_imf_fixdate(text)) return time_of(*parts);
  if (const auto parts = read_rfc850(text)) return time_of_two_digit_year(*parts, now);
  if (const auto parts = read_asctime(text)) return time_of(*parts);
  return std::nullopt;
}

}  // namespace attestrd
