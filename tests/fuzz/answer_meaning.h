#pragma once

#include "poll/answer.h"

namespace attestrd::fuzz {

/// Holds what poll/response makes of an answer, asked for one id and for another, against what
/// Boost.JSON reads in its body.
void check_meaning(const HttpResponse& response);

}  // namespace attestrd::fuzz
