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
  std::array<double, kMostBounds> bounds{};                ///< Of a histogram; unused ones: zero.

  /// Its label's name; empty: it has none.
  std::string_view label() const { return labels.front(); }
  /// Every value of its label; of a metric without a label one, which is empty.
  std::span<const std::string_view> label_values() const;
  /// Upper bounds of the buckets but the last, which has none.
  std::span<const double> bucket_bounds() const;
};

/// All rows, in the order of Metric.
std::span<const MetricRow> metric_rows();

/// Counters, gauges and histograms as plain data. Belongs to one thread: each part of the program
/// counts in a copy of its own, and whoever exposes them merges the copies.
class Metrics {
 public:
  Metrics() : Metrics(metric_rows()) {}
  /// For tests, with rows of their own, which outlive it.
  explicit Metrics(std::span<const MetricRow> rows);

  /// Counts one, for a counter without a label: two loads and an addition.
  void add(Metric metric) { values_[first_[static_cast<std::size_t>(metric)]] += 1; }
  /// Of a counter. A label value that its row does not declare is a broken invariant.
  void add(Metric metric, std::string_view label_value, double amount = 1);
  /// Of a gauge or a timestamp.
  void set(Metric metric, double value, std::string_view label_value = {});
  /// Of a histogram: one observation.
  void observe(Metric metric, double value);

  /// Adds the counters and histograms of `other`; gauges stay as they are.
  void merge(const Metrics& other);

  /// NaN: not set yet.
  double value(Metric metric, std::string_view label_value = {}) const;

  struct Histogram {
    std::span<const double> counts;  ///< Of each bucket alone, the one without a bound last.
    double sum = 0;
  };
  Histogram histogram(Metric metric) const;

  std::span<const MetricRow> rows() const { return rows_; }

 private:
  const MetricRow& row_of(Metric metric) const;
  std::size_t place_of(Metric metric, std::string_view label_value) const;

  std::span<const MetricRow> rows_;
  std::vector<std::size_t> first_;  ///< Of each row: the place of its first value.
  std::vector<double> values_;      ///< As Prometheus has them; whole numbers are exact to 2^53.
};

}  // namespace attestrd
