#pragma once

#include "dice.h"
#include "spelled_json.h"

#include <cstddef>

namespace attestrd::simulator {

/// Returns a DeviceSessionResult of an invented person: stage id -> {input, output} for one to
/// three stages (Aadhaar, always; PAN; face match). It has details that are difficult for a
/// verifier: unnecessary and omitted escapes, scripts outside ASCII, numbers that are not in their
/// shortest form, integer-like keys. The photograph has the size for which the compact text has
/// about `bytes`.
SpelledJson make_session_result(const Dice& dice, std::size_t bytes);

}  // namespace attestrd::simulator
