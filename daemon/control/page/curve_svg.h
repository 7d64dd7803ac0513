#pragma once

#include <string>

#include "schedule/learnt_curve.h"

namespace attestrd {

/// Returns an SVG element: the share of handshakes that are done by age, on a logarithmic axis,
/// with a mark for each poll of a new handshake. Its colours are those of the page's style.
std::string curve_svg(const LearntCurve& curve);

}  // namespace attestrd
