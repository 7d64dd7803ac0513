#pragma once

#include <string>
#include <vector>

#include "daemon/control/questions.h"
#include "daemon/control/status.h"
#include "schedule/learnt_curve.h"

namespace attestrd {

/// Returns the page for people, in HTML: the problems and their remedies, the waiting handshakes,
/// the last endings and the learnt curve of completions. It needs no script, and loads nothing.
std::string status_page(const StatusReport& report, const LearntCurve& curve,
                        const std::vector<RecentEnding>& endings);

}  // namespace attestrd
