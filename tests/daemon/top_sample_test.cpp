#include "daemon/cli/top/top_sample.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(TopSample, ReadsTheTextFormatAndIgnoresAllElse) {
  const TopSample sample(
      "# HELP a_total Things.\n# TYPE a_total counter\na_total{kind=\"x\"} 3\n"
      "a_total{kind=\"y\"} 0.5\na_totals 9\nb 1e3\nnonsense\nc x\n");
  EXPECT_EQ(sample.value("b"), 1000);
  EXPECT_EQ(sample.value("a_total{kind=\"x\"}"), 3);
  EXPECT_EQ(sample.value("none"), 0);
  EXPECT_EQ(sample.by_label("a_total"), (std::map<std::string, double>{{"x", 3}, {"y", 0.5}}));
  EXPECT_EQ(sample.sum("a_total"), 3.5);
  EXPECT_EQ(sample.sum("b"), 0) << "it has no label";
}

TEST(TopSample, IsEmptyWithoutText) {
  EXPECT_EQ(TopSample("").value("a"), 0);
  EXPECT_EQ(TopSample("\n\n").sum("a"), 0);
}

}  // namespace
}  // namespace attestrd
