#include "law.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace attestrd::simulator {
namespace {

/// Returns the quantile `share` of 20,000 draws.
double quantile(const char* law, double share) {
  Rng rng(42);
  std::vector<double> draws(20'000);
  for (double& draw : draws) draw = Law::parse(law).draw(rng);
  std::sort(draws.begin(), draws.end());
  return draws[static_cast<std::size_t>(share * static_cast<double>(draws.size()))];
}

TEST(Law, HasItsDistribution) {
  EXPECT_NEAR(quantile("exponential:10", 0.5), 10 * std::log(2), 0.3);
  EXPECT_NEAR(quantile("exponential:10", 0.9), 10 * std::log(10), 1);
  EXPECT_NEAR(quantile("lognormal:60,1", 0.5), 60, 2);
  EXPECT_NEAR(quantile("lognormal:60,1", 0.8413), 60 * std::exp(1), 6);
  EXPECT_NEAR(quantile("pareto:5,2", 0.75), 5 / std::sqrt(0.25), 0.3);
  EXPECT_NEAR(quantile("uniform:10,20", 0.3), 13, 0.2);
  EXPECT_EQ(quantile("fixed:1.5", 0), 1.5);
  EXPECT_GE(quantile("pareto:5,2", 0), 5);
}

TEST(Law, ErrorsNameTheFaultInTheText) {
  for (const char* text : {"", "exponential", "exponential:", "exponential:-1", "exponential:1,2",
                           "uniform:5,4", "pareto:5,0", "fixed:1s", "fixed:inf", "weibull:1,2"})
    EXPECT_THROW(Law::parse(text), std::invalid_argument) << text;
}

}  // namespace
}  // namespace attestrd::simulator
