#include "metrics/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cmath>
#include <set>
#include <vector>

namespace attestrd {
namespace {

constexpr MetricRow kRows[] = {
    {MetricType::counter, "answers_total", "", {"answer", "yes", "no"}, {}},
    {MetricType::gauge, "pending", "", {}, {}},
    {MetricType::timestamp, "started", "", {}, {}},
    {MetricType::histogram, "delay_seconds", "", {}, {0.1, 1}},
    {MetricType::counter,
     "ended_total",
     "",
     {"how,why", "well,none", "badly,late", "badly,no"},
     {}},
};
constexpr Metric kAnswers{0};
constexpr Metric kPending{1};
constexpr Metric kStarted{2};
constexpr Metric kDelay{3};
constexpr Metric kEnded{4};

TEST(Metrics, StartAtZeroOrAbsent) {
  const Metrics metrics(kRows);
  EXPECT_EQ(metrics.value(kAnswers, "yes"), 0);
  EXPECT_EQ(metrics.value(kPending), 0);
  EXPECT_TRUE(std::isnan(metrics.value(kStarted)));
  EXPECT_EQ(metrics.histogram(kDelay).counts.size(), 3u);
}

TEST(Metrics, CountEachLabelValueAlone) {
  Metrics metrics(kRows);
  metrics.add(kAnswers, "yes");
  metrics.add(kAnswers, "no", 2);
  metrics.add(kAnswers, "yes");
  EXPECT_EQ(metrics.value(kAnswers, "yes"), 2);
  EXPECT_EQ(metrics.value(kAnswers, "no"), 2);
}

TEST(Metrics, AnObservationFallsIntoTheFirstBucketThatHoldsIt) {
  Metrics metrics(kRows);
  for (const double seconds : {0.05, 0.1, 0.5, 7.0}) metrics.observe(kDelay, seconds);
  const auto histogram = metrics.histogram(kDelay);
  EXPECT_EQ(std::vector(histogram.counts.begin(), histogram.counts.end()),
            (std::vector<double>{2, 1, 1}));
  EXPECT_DOUBLE_EQ(histogram.sum, 7.65);
}

TEST(Metrics, APositionNamesALabelValue) {
  Metrics metrics(kRows);
  metrics.add_at(kAnswers, 1);
  EXPECT_EQ(metrics.value(kAnswers, "no"), 1);
  EXPECT_EQ(metrics.value(kAnswers, "yes"), 0);
}

TEST(Metrics, ATotalIsThatOfAllValuesOrOfThoseWithTheFirstLabel) {
  Metrics metrics(kRows);
  metrics.add(kEnded, "well,none", 4);
  metrics.add(kEnded, "badly,late", 2);
  metrics.add(kEnded, "badly,no");
  EXPECT_EQ(metrics.total(kEnded), 7);
  EXPECT_EQ(metrics.total(kEnded, "badly"), 3);
  EXPECT_EQ(metrics.total(kEnded, "well"), 4);
}

TEST(Metrics, AddsObservationsThatWereCountedElsewhere) {
  Metrics metrics(kRows);
  metrics.observe(kDelay, 7.0);
  metrics.add_observations(kDelay, std::vector<std::uint64_t>{3, 2, 1}, 5.5);
  const auto histogram = metrics.histogram(kDelay);
  EXPECT_EQ(std::vector(histogram.counts.begin(), histogram.counts.end()),
            (std::vector<double>{3, 2, 2}));
  EXPECT_EQ(histogram.sum, 12.5);
}

TEST(Metrics, MergeAddsAllButGauges) {
  Metrics all(kRows), part(kRows);
  all.set(kPending, 3);
  all.add(kAnswers, "no");
  part.set(kPending, 9);
  part.set(kStarted, 1);
  part.add(kAnswers, "no");
  part.observe(kDelay, 0.5);
  all.merge(part);
  EXPECT_EQ(all.value(kPending), 3);
  EXPECT_TRUE(std::isnan(all.value(kStarted)));
  EXPECT_EQ(all.value(kAnswers, "no"), 2);
  EXPECT_EQ(all.histogram(kDelay).counts[1], 1);
  EXPECT_EQ(all.histogram(kDelay).sum, 0.5);
}

TEST(MetricsDeathTest, AnUndeclaredLabelValueIsABrokenInvariant) {
  Metrics metrics(kRows);
  EXPECT_DEATH(metrics.add(kAnswers, "perhaps"), "invariant broken");
  EXPECT_DEATH(metrics.add(kPending, ""), "invariant broken");
}

TEST(MetricRows, FollowTheNamingOfPrometheus) {
  std::set<std::string_view> names;
  for (const MetricRow& row : metric_rows()) {
    EXPECT_TRUE(row.name.starts_with("attestrd_") || row.name.starts_with("process_")) << row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.type == MetricType::counter) << row.name;
    EXPECT_EQ(row.type == MetricType::histogram, !row.bucket_bounds().empty()) << row.name;
    EXPECT_TRUE(std::ranges::is_sorted(row.bucket_bounds())) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    const auto labels = std::ranges::count(row.label(), ',');
    for (const auto value : row.label_values())
      EXPECT_EQ(std::ranges::count(value, ','), labels) << row.name << ' ' << value;
  }
}

}  // namespace
}  // namespace attestrd
