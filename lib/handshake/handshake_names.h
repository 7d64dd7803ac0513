#pragma once

#include <optional>
#include <string_view>

#include "handshake/handshake.h"

namespace attestrd {

// The inverse of name_of(). Both functions return nothing if the name is not known.

std::optional<Outcome> outcome_named(std::string_view name);
std::optional<Reason> reason_named(std::string_view name);

}  // namespace attestrd
