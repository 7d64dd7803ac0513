#pragma once

#include "dice.h"
#include "spelled_json.h"

#include <cstddef>

namespace attestrd::simulator {

/// A DeviceSessionResult of an invented person: stage id -> {input, output} for one to three
/// stages (Aadhaar, always; PAN; face match). It holds what a verifier may stumble over: needless
/// and missing escapes, scripts outside ASCII, numbers that are not in their shortest form,
/// integer-like keys. The photograph is cut so that the compact text has about `bytes`.
SpelledJson make_session_result(const Dice& dice, std::size_t bytes);

}  // namespace attestrd::simulator
