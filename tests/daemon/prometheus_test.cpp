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
    {MetricType::counter, "ended_total", "Ends.", {"how,why", "well,none", "badly,late"}, {}},
};

TEST(PrometheusText, HasEachMetricFromTheStartUnlessItIsOptional) {
  EXPECT_EQ(prometheus_text(Metrics(kRows), MetricsFormat::text, "1.2"),
            "# HELP build_info Always 1.\n# TYPE build_info gauge\n"
            "build_info{version=\"1.2\"} 0\n"
            "# HELP answers_total Answers.\n# TYPE answers_total counter\n"
            "answers_total{answer=\"yes\"} 0\n"
            "answers_total{answer=\"no\"} 0\n"
            "# HELP delay_seconds Delay.\n# TYPE delay_seconds histogram\n"
            "delay_seconds_bucket{le=\"0.25\"} 0\n"
            "delay_seconds_bucket{le=\"1.0\"} 0\n"
            "delay_seconds_bucket{le=\"+Inf\"} 0\n"
            "delay_seconds_sum 0\ndelay_seconds_count 0\n"
            "# HELP ended_total Ends.\n# TYPE ended_total counter\n"
            "ended_total{how=\"well\",why=\"none\"} 0\n"
            "ended_total{how=\"badly\",why=\"late\"} 0\n");
}

TEST(PrometheusText, WritesValues) {
  Metrics metrics(kRows);
  metrics.add(Metric{1}, "no", 12345678901);
  metrics.set(Metric{2}, 0.5);
  metrics.set(Metric{3}, 1795467295);
  for (const double seconds : {0.125, 0.25, 0.75, 8.0}) metrics.observe(Metric{4}, seconds);
  const auto text = prometheus_text(metrics, MetricsFormat::text, "1.2");
  for (const auto* line :
       {"\nanswers_total{answer=\"no\"} 12345678901\n", "\nlimit 0.5\n",
        "\nstarted 1795467295.000\n", "\ndelay_seconds_bucket{le=\"0.25\"} 2\n",
        "\ndelay_seconds_bucket{le=\"1.0\"} 3\n", "\ndelay_seconds_bucket{le=\"+Inf\"} 4\n",
        "\ndelay_seconds_sum 9.125\ndelay_seconds_count 4\n"}) {
    EXPECT_NE(text.find(line), text.npos) << line << "is not in\n" << text;
  }
}

TEST(PrometheusText, OpenMetricsNamesACounterWithoutItsEndingAndHasAnEnd) {
  const Metrics metrics(kRows);
  const auto text = prometheus_text(metrics, MetricsFormat::openmetrics, "1.2");
  EXPECT_NE(text.find("\n# HELP answers Answers.\n# TYPE answers counter\n"
                      "answers_total{answer=\"yes\"} 0\n"),
            text.npos);
  EXPECT_TRUE(text.ends_with("\nended_total{how=\"badly\",why=\"late\"} 0\n# EOF\n"));
}

TEST(PrometheusText, BothFormsHaveTheSameSamples) {
  const auto samples = [](const std::string& text) {
    std::string lines;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at) + 1;
      if (text[at] != '#') lines += text.substr(at, end - at);
      at = end;
    }
    return lines;
  };
  const Metrics metrics;
  EXPECT_EQ(samples(prometheus_text(metrics, MetricsFormat::openmetrics, "1.2")),
            samples(prometheus_text(metrics, MetricsFormat::text, "1.2")));
}

}  // namespace
}  // namespace attestrd
