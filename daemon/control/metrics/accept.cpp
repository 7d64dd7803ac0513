#include "daemon/control/metrics/accept.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"

namespace attestrd {
namespace {

/// Removes the part before the separator from the front of `text`, and returns it without the white
/// space around it.
std::string_view take_part(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  const auto first = part.find_first_not_of(" \t");
  if (first == part.npos) return {};
  return part.substr(first, part.find_last_not_of(" \t") + 1 - first);
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return to_lower(c); });
  return lower;
}

/// Reads a quality value in thousandths; nothing if it has not the form of RFC 9110, 12.4.2.
std::optional<int> read_quality(std::string_view text) {
  constexpr std::size_t kLongest = 5;  // "0.123"
  const bool is_well_formed = !text.empty() && text.size() <= kLongest &&
                              (text[0] == '0' || text[0] == '1') &&
                              (text.size() == 1 || text[1] == '.');
  if (!is_well_formed) return std::nullopt;
  int thousandths = (text[0] - '0') * 1000;
  int worth = 100;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return std::nullopt;
    thousandths += (digit - '0') * worth;
    worth /= 10;
  }
  return std::min(thousandths, 1000);
}

/// One media range of an Accept field.
struct Range {
  std::string type;     ///< In lower case, e.g. `text/plain` or `*/*`.
  std::string version;  ///< Its parameter; empty: it has none.
  int quality = 1000;   ///< In thousandths. A malformed one excludes the range.
};

Range read_range(std::string_view text) {
  Range range{.type = in_lower_case(take_part(text, ';')), .version = {}};
  while (!text.empty()) {
    std::string_view parameter = take_part(text, ';');
    const auto name = in_lower_case(take_part(parameter, '='));
    auto value = take_part(parameter, '\0');
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (name == "version") range.version = value;
    if (name == "q") range.quality = read_quality(value).value_or(0);
  }
  return range;
}

/// Returns how specifically a range names the text format; 0: not at all.
int text_rank(const Range& range) {
  if (range.type == "text/plain" && (range.version.empty() || range.version == "0.0.4")) return 3;
  if (range.type == "text/*") return 2;
  return range.type == "*/*" ? 1 : 0;
}

}  // namespace

MetricsFormat metrics_format(std::string_view accept) {
  int openmetrics = 0;
  int text = 0;
  int rank = 0;
  while (!accept.empty()) {
    const Range range = read_range(take_part(accept, ','));
    const bool is_openmetrics = range.type == "application/openmetrics-text" &&
                                (range.version.empty() || range.version == "1.0.0");
    if (is_openmetrics) openmetrics = std::max(openmetrics, range.quality);
    if (text_rank(range) > rank) text = 0;
    if (text_rank(range) > 0 && text_rank(range) >= rank) {
      rank = text_rank(range);
      text = std::max(text, range.quality);
    }
  }
  return openmetrics > 0 && openmetrics >= text ? MetricsFormat::openmetrics : MetricsFormat::text;
}

}  // namespace attestrd
