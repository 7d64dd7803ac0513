#include "schedule/learnt_curve.h"

#include <algorithm>

namespace attestrd {

LearntCurve learnt_curve(const Hazard& hazard, const Cadence& cadence, Duration until,
                         Duration shortest_gap, double unannounced) {
  constexpr double kGrowth = 1.1;
  LearntCurve curve;
  curve.completions = hazard.completions();
  for (Duration age = std::chrono::seconds(1); age < until; age = scaled(age, kGrowth))
    curve.points.push_back({age, 1 - hazard.survival(Duration(0), age)});
  curve.points.push_back({until, 1 - hazard.survival(Duration(0), until)});
  Duration age = cadence.first_gap(unannounced);
  while (age < until && curve.polls.size() < LearntCurve::kMostPolls) {
    curve.polls.push_back(age);
    age += std::max(cadence.gap_at(age, unannounced), shortest_gap);
  }
  return curve;
}

}  // namespace attestrd
