#include "daemon/control/metrics/accept.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(Accept, PrometheusGetsOpenMetrics) {
  EXPECT_EQ(metrics_format("application/openmetrics-text;version=1.0.0,"
                           "application/openmetrics-text;version=0.0.1;q=0.75,"
                           "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            MetricsFormat::openmetrics);
  EXPECT_EQ(metrics_format("application/openmetrics-text; version=\"1.0.0\"; charset=utf-8"),
            MetricsFormat::openmetrics);
  EXPECT_EQ(metrics_format("Application/OpenMetrics-Text"), MetricsFormat::openmetrics);
}

TEST(Accept, OtherClientsGetText) {
  for (const auto* const accept :
       {"", "*/*", "text/plain", "text/html, */*;q=0.8", "application/*", "application/json",
        "application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text-but-not", ",,;;=,\"", "application/openmetrics-text;q=x"})
    EXPECT_EQ(metrics_format(accept), MetricsFormat::text) << accept;
}

TEST(Accept, TheGreaterQualityDecides) {
  const auto format = [](std::string_view openmetrics, std::string_view text) {
    return metrics_format("text/plain;q=" + std::string(text) +
                          ",\tapplication/openmetrics-text ; q=" + std::string(openmetrics));
  };
  EXPECT_EQ(format("0.5", "0.501"), MetricsFormat::text);
  EXPECT_EQ(format("0.501", "0.5"), MetricsFormat::openmetrics);
  EXPECT_EQ(format("1", "1.000"), MetricsFormat::openmetrics);
  EXPECT_EQ(format("0", "0"), MetricsFormat::text) << "a client that accepts neither";
  EXPECT_EQ(format("0.000", "0.001"), MetricsFormat::text);
}

TEST(Accept, TheMostSpecificRangeIsThatOfTheText) {
  EXPECT_EQ(metrics_format("application/openmetrics-text;q=0.5, */*, text/plain;q=0.1"),
            MetricsFormat::openmetrics);
  EXPECT_EQ(metrics_format("application/openmetrics-text;q=0.5, text/*;q=0.1, */*"),
            MetricsFormat::openmetrics);
  EXPECT_EQ(metrics_format("application/openmetrics-text;q=0.5, */*;q=0.6"), MetricsFormat::text);
}

}  // namespace
}  // namespace attestrd
