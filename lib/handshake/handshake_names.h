#pragma once

#include <optional>
#include <string_view>

#include "handshake/handshake.h"

namespace attestrd {

// The way back from name_of(): nothing when no such name is known.

std::optional<Outcome> outcome_named(std::string_view name);
std::optional<Reason> reason_named(std::string_view name);

}  // namespace attestrd
