#include "daemon/control/page/curve_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <string_view>
#include <utility>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr double kWidth = 720, kHeight = 260;
constexpr double kLeft = 48, kRight = 708, kTop = 12, kBottom = 208;

constexpr std::array kTicks = {
    std::pair{Duration(1s), "1 s"},     std::pair{Duration(10s), "10 s"},
    std::pair{Duration(1min), "1 min"}, std::pair{Duration(10min), "10 min"},
    std::pair{Duration(1h), "1 h"},     std::pair{Duration(24h), "1 day"},
    std::pair{Duration(168h), "1 week"}};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// The positions of ages and shares in the picture.
class Axes {
 public:
  explicit Axes(Duration longest) : decades_(std::log10(std::max(seconds(longest), 10.0))) {}

  double x(Duration age) const {
    return kLeft + std::log10(std::max(seconds(age), 1.0)) / decades_ * (kRight - kLeft);
  }
  static double y(double share) { return kBottom - share * (kBottom - kTop); }

 private:
  double decades_;
};

std::string grid(const Axes& axes, Duration longest) {
  std::string lines;
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    lines += fmt::format(R"(<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>)"
                         R"(<text x="{3}" y="{4:.1f}" text-anchor="end">{5:.0f} %</text>)",
                         kLeft, kRight, Axes::y(share), kLeft - 6, Axes::y(share) + 4, 100 * share);
  }
  for (const auto& [age, name] : kTicks) {
    if (age > longest) break;
    lines += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)"
                         R"(<text x="{0:.1f}" y="{3}" text-anchor="middle">{4}</text>)",
                         axes.x(age), kTop, kBottom, kBottom + 34, name);
  }
  return lines;
}

}  // namespace

std::string curve_svg(const LearntCurve& curve) {
  const Duration longest = curve.points.empty() ? Duration(24h) : curve.points.back().age;
  const Axes axes(longest);
  std::string points, polls;
  for (const auto& [age, done] : curve.points)
    points += fmt::format("{:.1f},{:.1f} ", axes.x(age), Axes::y(done));
  for (const Duration age : curve.polls)
    polls += fmt::format("M{:.1f} {}v10", axes.x(age), kBottom + 4);
  return fmt::format(
      R"(<svg viewBox="0 0 {} {}" role="img" aria-label="Share of handshakes that are done by )"
      R"(age, and the polls of a new handshake">{}<polyline class="curve" points="{}"/>)"
      R"(<path class="polls" d="{}"/></svg>)",
      kWidth, kHeight, grid(axes, longest), points, polls);
}

}  // namespace attestrd
