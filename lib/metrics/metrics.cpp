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

/// Returns the number of values of the row: the buckets of a histogram and their sum, or one for
/// each label value.
std::size_t size_of(const MetricRow& row) {
  const bool is_histogram = row.type == MetricType::histogram;
  return is_histogram ? row.bucket_bounds().size() + 2 : row.label_values().size();
}

double start_of(MetricType type) {
  return type == MetricType::optional_gauge || type == MetricType::timestamp ? kAbsent : 0;
}

}  // namespace

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
  const auto bounds = row.bucket_bounds();
  const auto bucket = std::ranges::lower_bound(bounds, value) - bounds.begin();
  const auto first = first_[static_cast<std::size_t>(metric)];
  values_[first + static_cast<std::size_t>(bucket)] += 1;
  values_[first + bounds.size() + 1] += value;
}

void Metrics::merge(const Metrics& other) {
  ATTESTRD_CHECK(rows_.data() == other.rows_.data() && values_.size() == other.values_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (is_gauge(rows_[i].type)) continue;
    const std::size_t end = first_[i] + size_of(rows_[i]);
    for (std::size_t place = first_[i]; place < end; ++place)
      values_[place] += other.values_[place];
  }
}

double Metrics::value(Metric metric, std::string_view label_value) const {
  return values_[place_of(metric, label_value)];
}

Metrics::Histogram Metrics::histogram(Metric metric) const {
  const auto buckets = row_of(metric).bucket_bounds().size() + 1;
  const auto first = first_[static_cast<std::size_t>(metric)];
  return {std::span(values_).subspan(first, buckets), values_[first + buckets]};
}

}  // namespace attestrd
