#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace attestrd {

/// Each metric is declared once, in metrics.def.
enum class Metric : std::uint8_t {
#define METRIC(enumerator, ...) enumerator,
#define HISTOGRAM(enumerator, ...) enumerator,
#include "metrics/metrics.def"
};

enum class MetricType : std::uint8_t { counter, gauge, optional_gauge, timestamp, histogram };

/// Returns the name of the type as Prometheus has it: counter, gauge or histogram.
std::string_view name_of(MetricType type);

/// A label value for which the exposition writes the program's version.
inline constexpr std::string_view kProgramVersion = "(version)";

/// A row of the table of metrics.
struct MetricRow {
  static constexpr std::size_t kMostLabels = 16;
  static constexpr std::size_t kMostBounds = 16;

  MetricType type{};
  std::string_view name;
  std::string_view help;
  std::array<std::string_view, kMostLabels + 1> labels{};  ///< The label's name, then its values.
  std::array<double, kMostBounds> bounds{};  ///< Only for a histogram; unused ones: zero.

  /// Returns the name of the label; empty: the metric has none. The names of two labels, and so
  /// their values, are separated by a comma.
  std::string_view label() const { return labels.front(); }
  /// Returns every value of the label. A metric without a label has one value, which is empty.
  std::span<const std::string_view> label_values() const;
  /// Returns the upper bounds of all buckets except the last, which has none.
  std::span<const double> bucket_bounds() const;
};

/// Returns all rows, in the order of Metric.
std::span<const MetricRow> metric_rows();

/// Counters, gauges and histograms as plain data. An object belongs to one thread: each part of the
/// program counts in its own copy, and the part that exposes them merges the copies.
class Metrics {
 public:
  Metrics() : Metrics(metric_rows()) {}
  /// Creates metrics for other rows, for tests. The rows must outlive the object.
  explicit Metrics(std::span<const MetricRow> rows);

  /// Adds one to a counter without a label: two loads and an addition.
  void add(Metric metric) { values_[first_[static_cast<std::size_t>(metric)]] += 1; }
  /// Adds one to the counter with the label value of this position in its row.
  void add_at(Metric metric, std::size_t position) {
    values_[first_[static_cast<std::size_t>(metric)] + position] += 1;
  }
  /// Adds `amount` to a counter. A label value that its row does not declare is a broken invariant.
  void add(Metric metric, std::string_view label_value, double amount = 1);
  /// Sets a gauge or a timestamp.
  void set(Metric metric, double value, std::string_view label_value = {});
  /// Adds one observation to a histogram.
  void observe(Metric metric, double value);
  /// Adds observations that were counted elsewhere: a count for each bucket of the histogram, and
  /// the sum of all.
  void add_observations(Metric metric, std::span<const std::uint64_t> counts, double sum);

  /// Adds the counters and histograms of `other`; gauges stay as they are.
  void merge(const Metrics& other);

  /// Returns the value; NaN: not set yet.
  double value(Metric metric, std::string_view label_value = {}) const;

  /// Returns the sum of a counter's values, or of those whose (first) label has this value.
  double total(Metric metric, std::string_view label_value = {}) const;

  struct Histogram {
    std::span<const double> counts;  ///< Not cumulative; the bucket without a bound is last.
    double sum = 0;
  };
  Histogram histogram(Metric metric) const;

  std::span<const MetricRow> rows() const { return rows_; }

 private:
  const MetricRow& row_of(Metric metric) const;
  std::size_t place_of(Metric metric, std::string_view label_value) const;

  std::span<const MetricRow> rows_;
  std::vector<std::size_t> first_;  ///< For each row: the place of its first value; then the end.
  std::vector<double> values_;      ///< Doubles, as in Prometheus; whole numbers are exact to 2^53.
};

}  // namespace attestrd
