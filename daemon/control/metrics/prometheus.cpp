#include "daemon/control/metrics/prometheus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/check.h"

namespace attestrd {
namespace {

/// Returns the name for HELP and TYPE. In OpenMetrics it is that of a counter's samples without
/// `_total`.
std::string_view family_of(const MetricRow& row, MetricsFormat format) {
  constexpr std::string_view kTotal = "_total";
  const bool is_cut = format == MetricsFormat::openmetrics && row.type == MetricType::counter;
  return is_cut ? row.name.substr(0, row.name.size() - kTotal.size()) : row.name;
}

/// Formats a number. Whole numbers have no exponent as long as a double represents them exactly.
std::string number(double value) {
  constexpr double kMostExact = 9007199254740992;  // 2^53
  const bool is_whole = std::abs(value) < kMostExact && std::trunc(value) == value;
  return is_whole ? fmt::format("{}", static_cast<std::int64_t>(value)) : fmt::format("{}", value);
}

/// Formats the bound of a bucket as OpenMetrics demands, with a point: `1.0`. In the text format
/// the label must be the same, or a change of the form would make other series of it.
std::string bound(double value) {
  const auto text = number(value);
  return text.find('.') == text.npos ? text + ".0" : text;
}

std::string format_value(MetricType type, double value) {
  return type == MetricType::timestamp ? fmt::format("{:.3f}", value) : number(value);
}

/// Returns the labels with their values, e.g. `{outcome="failed",reason="expired"}`. Several names
/// are separated by commas, and so are their values.
std::string labels_of(std::string_view names, std::string_view values) {
  if (names.empty()) return "";
  std::string labels;
  for (char separator = '{'; !names.empty(); separator = ',') {
    const auto name = names.substr(0, names.find(','));
    const auto value = values.substr(0, values.find(','));
    labels += fmt::format("{}{}=\"{}\"", separator, name, value);
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    values.remove_prefix(std::min(value.size() + 1, values.size()));
  }
  return labels + '}';
}

/// Returns the values of a row, one per line.
std::string value_lines(const Metrics& metrics, Metric metric, const MetricRow& row,
                        std::string_view program_version) {
  std::string lines;
  for (const auto label_value : row.label_values()) {
    const double value = metrics.value(metric, label_value);
    if (std::isnan(value)) continue;
    const auto shown = label_value == kProgramVersion ? program_version : label_value;
    lines += fmt::format("{}{} {}\n", row.name, labels_of(row.label(), shown),
                         format_value(row.type, value));
  }
  return lines;
}

/// Returns the lines of a histogram. Its buckets are cumulative: each counts all observations up to
/// its bound.
std::string histogram_lines(const Metrics& metrics, Metric metric, const MetricRow& row) {
  const auto [counts, sum] = metrics.histogram(metric);
  const auto bounds = row.bucket_bounds();
  std::string lines;
  double total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    lines += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", row.name,
                         i < bounds.size() ? bound(bounds[i]) : "+Inf", number(total));
  }
  return lines + fmt::format("{0}_sum {1}\n{0}_count {2}\n", row.name, number(sum), number(total));
}

}  // namespace

std::string_view content_type_of(MetricsFormat format) {
  switch (format) {
    case MetricsFormat::text: return "text/plain; version=0.0.4; charset=utf-8";
    case MetricsFormat::openmetrics:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  }
  check_failed("a form of metrics has a type", __FILE__, __LINE__);
}

std::string prometheus_text(const Metrics& metrics, MetricsFormat format,
                            std::string_view program_version) {
  std::string text;
  for (std::size_t i = 0; i < metrics.rows().size(); ++i) {
    const MetricRow& row = metrics.rows()[i];
    const auto metric = static_cast<Metric>(i);
    const auto lines = row.type == MetricType::histogram
                           ? histogram_lines(metrics, metric, row)
                           : value_lines(metrics, metric, row, program_version);
    if (lines.empty()) continue;
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{3}", family_of(row, format), row.help,
                        name_of(row.type), lines);
  }
  return format == MetricsFormat::openmetrics ? text + "# EOF\n" : text;
}

}  // namespace attestrd
