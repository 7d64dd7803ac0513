#include "metrics/metrics.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace attestrd {
namespace {

constexpr MetricRow kRows[] = {
#define METRIC(enumerator, type, name, help, ...) {MetricType::type, name, help, {__VA_ARGS__}, {}},
#define HISTOGRAM(enumerator, name, help, ...) \
  {MetricType::histogram, name, help, {}, {__VA_ARGS__}},
#include "metrics/metrics.def"
};

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

bool is_gauge(MetricType type) {
  return type == MetricType::gauge || type == MetricType::optional_gauge ||
         type == MetricType::timestamp;
}

/// Returns the number of values of the row: those of a histogram are its buckets and the sum.
std::size_t size_of(const MetricRow& row) {
  const bool is_histogram = row.type == MetricType::histogram;
  return is_histogram ? row.bucket_bounds().size() + 2 : row.label_values().size();
}

double start_of(MetricType type) {
  return type == MetricType::optional_gauge || type == MetricType::timestamp ? kAbsent : 0;
}

}  // namespace

std::string_view name_of(MetricType type) {
  switch (type) {
    case MetricType::counter: return "counter";
    case MetricType::gauge:
    case MetricType::optional_gauge:
    case MetricType::timestamp: return "gauge";
    case MetricType::histogram: return "histogram";
  }
  check_failed("a type of metric has a name", __FILE__, __LINE__);
}

std::span<const MetricRow> metric_rows() { return kRows; }

std::span<const std::string_view> MetricRow::label_values() const {
  if (label().empty()) return {labels.data(), 1};
  const auto end = std::find(labels.begin() + 1, labels.end(), std::string_view());
  return {labels.begin() + 1, end};
}

std::span<const double> MetricRow::bucket_bounds() const {
  return {bounds.begin(), std::find(bounds.begin(), bounds.end(), 0.0)};
}

Metrics::Metrics(std::span<const MetricRow> rows) : rows_(rows) {
  for (const MetricRow& row : rows_) {
    first_.push_back(values_.size());
    values_.resize(values_.size() + size_of(row), start_of(row.type));
  }
  first_.push_back(values_.size());
}

const MetricRow& Metrics::row_of(Metric metric) const {
  return rows_[static_cast<std::size_t>(metric)];
}

std::size_t Metrics::place_of(Metric metric, std::string_view label_value) const {
  const auto values = row_of(metric).label_values();
  const auto found = std::ranges::find(values, label_value);
  ATTESTRD_CHECK(found != values.end());
  const auto place = first_[static_cast<std::size_t>(metric)];
  return place + static_cast<std::size_t>(found - values.begin());
}

void Metrics::add(Metric metric, std::string_view label_value, double amount) {
  ATTESTRD_CHECK(row_of(metric).type == MetricType::counter);
  values_[place_of(metric, label_value)] += amount;
}

void Metrics::set(Metric metric, double value, std::string_view label_value) {
  ATTESTRD_CHECK(is_gauge(row_of(metric).type));
  values_[place_of(metric, label_value)] = value;
}

void Metrics::observe(Metric metric, double value) {
  const MetricRow& row = row_of(metric);
  ATTESTRD_CHECK(row.type == MetricType::histogram);
  const auto index = static_cast<std::size_t>(metric);
  const std::size_t last = first_[index + 1] - 1;
  // The bounds are not searched for their end: each poll is observed.
  const std::span bounds(row.bounds.data(), last - first_[index] - 1);
  const auto bucket = std::ranges::lower_bound(bounds, value) - bounds.begin();
  values_[first_[index] + static_cast<std::size_t>(bucket)] += 1;
  values_[last] += value;
}

void Metrics::add_observations(Metric metric, std::span<const std::uint64_t> counts, double sum) {
  const auto index = static_cast<std::size_t>(metric);
  ATTESTRD_CHECK(row_of(metric).type == MetricType::histogram);
  ATTESTRD_CHECK(counts.size() == first_[index + 1] - first_[index] - 1);
  std::size_t place = first_[index];
  for (const std::uint64_t count : counts) values_[place++] += static_cast<double>(count);
  values_[place] += sum;
}

void Metrics::merge(const Metrics& other) {
  ATTESTRD_CHECK(rows_.data() == other.rows_.data() && values_.size() == other.values_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (is_gauge(rows_[i].type)) continue;
    for (std::size_t place = first_[i]; place < first_[i + 1]; ++place)
      values_[place] += other.values_[place];
  }
}

double Metrics::value(Metric metric, std::string_view label_value) const {
  return values_[place_of(metric, label_value)];
}

double Metrics::total(Metric metric, std::string_view label_value) const {
  double total = 0;
  for (const auto value : row_of(metric).label_values()) {
    const bool is_counted = label_value.empty() || value.substr(0, value.find(',')) == label_value;
    if (is_counted) total += values_[place_of(metric, value)];
  }
  return total;
}

Metrics::Histogram Metrics::histogram(Metric metric) const {
  const auto index = static_cast<std::size_t>(metric);
  const auto buckets = first_[index + 1] - first_[index] - 1;
  return {std::span(values_).subspan(first_[index], buckets), values_[first_[index] + buckets]};
}

}  // namespace attestrd
