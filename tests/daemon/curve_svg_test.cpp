#include "daemon/control/page/curve_svg.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(CurveSvg, DrawsThePointsAndAMarkForEachPoll) {
  const LearntCurve curve{{{1s, 0}, {100s, 0.5}, {10'000s, 1}}, {10s, 100s}, 7};
  const auto svg = curve_svg(curve);
  EXPECT_NE(svg.find(R"(points="48.0,208.0 378.0,110.0 708.0,12.0 ")"), svg.npos) << svg;
  EXPECT_NE(svg.find(R"(d="M213.0 212v10M378.0 212v10")"), svg.npos) << svg;
  EXPECT_NE(svg.find(">1 h<"), svg.npos);
  EXPECT_EQ(svg.find(">1 day<"), svg.npos) << "it is beyond the end of the axis";
}

TEST(CurveSvg, AnEmptyCurveIsAnEmptyPicture) {
  const auto svg = curve_svg({});
  EXPECT_NE(svg.find(R"(points="")"), svg.npos);
  EXPECT_TRUE(svg.starts_with("<svg") && svg.ends_with("</svg>"));
}

}  // namespace
}  // namespace attestrd
