#pragma once

#include <string>
#include <vector>

#include "daemon/control/status.h"

namespace attestrd {

/// A condition that an operator should know of.
struct Problem {
  std::string what;    ///< A sentence.
  std::string remedy;  ///< A sentence: what to do about it, or that nothing needs to be done.
};

/// Returns the problems of a running daemon, the most urgent first.
std::vector<Problem> problems_of(const StatusReport& report);

}  // namespace attestrd
