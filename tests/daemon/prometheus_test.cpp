#include "daemon/control/metrics/prometheus.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

constexpr MetricRow kRows[] = {
    {MetricType::gauge, "build_info", "Always 1.", {"version", kProgramVersion}, {}},
    {MetricType::counter, "answers_total", "Answers.", {"answer", "yes", "no"}, {}},
    {MetricType::optional_gauge, "limit", "The limit.", {}, {}},
    {MetricType::timestamp, "started", "When.", {}, {}},
    {MetricType::histogram, "delay_seconds", "Delay.", {}, {0.25, 1}},
};

TEST(PrometheusText, HasEachMetricFromTheStartUnlessItIsOptional) {
  EXPECT_EQ(prometheus_text(Metrics(kRows), "1.2"),
            "# HELP build_info Always 1.\n# TYPE build_info gauge\n"
            "build_info{version=\"1.2\"} 0\n"
            "# HELP answers_total Answers.\n# TYPE answers_total counter\n"
            "answers_total{answer=\"yes\"} 0\n"
            "answers_total{answer=\"no\"} 0\n"
            "# HELP delay_seconds Delay.\n# TYPE delay_seconds histogram\n"
            "delay_seconds_bucket{le=\"0.25\"} 0\n"
            "delay_seconds_bucket{le=\"1\"} 0\n"
            "delay_seconds_bucket{le=\"+Inf\"} 0\n"
            "delay_seconds_sum 0\ndelay_seconds_count 0\n");
}

TEST(PrometheusText, WritesValues) {
  Metrics metrics(kRows);
  metrics.add(Metric{1}, "no", 12345678901);
  metrics.set(Metric{2}, 0.5);
  metrics.set(Metric{3}, 1795467295);
  for (const double seconds : {0.125, 0.25, 0.75, 8.0}) metrics.observe(Metric{4}, seconds);
  const auto text = prometheus_text(metrics, "1.2");
  for (const auto* line :
       {"\nanswers_total{answer=\"no\"} 12345678901\n", "\nlimit 0.5\n",
        "\nstarted 1795467295.000\n", "\ndelay_seconds_bucket{le=\"0.25\"} 2\n",
        "\ndelay_seconds_bucket{le=\"1\"} 3\n", "\ndelay_seconds_bucket{le=\"+Inf\"} 4\n",
        "\ndelay_seconds_sum 9.125\ndelay_seconds_count 4\n"}) {
    EXPECT_NE(text.find(line), text.npos) << line << "is not in\n" << text;
  }
}

}  // namespace
}  // namespace attestrd
