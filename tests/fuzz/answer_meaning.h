#pragma once

#include "poll/answer.h"

namespace attestrd::fuzz {

/// Compares the interpretation of an answer by poll/answer, for the id that it has and for another,
/// with the body as Boost.JSON parses it.
void check_meaning(const HttpResponse& response);

}  // namespace attestrd::fuzz
