#pragma once

#include <functional>
#include <string_view>

#include "handshake/finish.h"

namespace attestrd {

/// Takes a text in pieces.
using ByteSink = std::function<void(std::string_view piece)>;

/// Writes `json`, a text in which `scan_object` found no fault, in the form given.
void write_signing_form(SigningForm form, std::string_view json, const ByteSink& sink);

}  // namespace attestrd
