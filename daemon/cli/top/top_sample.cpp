#include "daemon/cli/top/top_sample.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace attestrd {

TopSample::TopSample(std::string_view text) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto space = line.rfind(' ');
    if (line.starts_with('#') || space == line.npos) continue;
    double value = 0;
    const auto read = std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    if (read.ec == std::errc()) values_.insert_or_assign(std::string(line.substr(0, space)), value);
  }
}

double TopSample::value(std::string_view metric) const {
  const auto found = values_.find(metric);
  return found == values_.end() ? 0 : found->second;
}

std::map<std::string, double> TopSample::by_label(std::string_view metric) const {
  std::map<std::string, double> values;
  const auto begin = std::string(metric) + '{';
  for (auto at = values_.lower_bound(begin); at != values_.end() && at->first.starts_with(begin);
       ++at) {
    const auto open = at->first.find('"');
    const auto close = at->first.rfind('"');
    if (open < close) values[at->first.substr(open + 1, close - open - 1)] = at->second;
  }
  return values;
}

double TopSample::sum(std::string_view metric) const {
  double sum = 0;
  for (const auto& [label, value] : by_label(metric)) sum += value;
  return sum;
}

}  // namespace attestrd
