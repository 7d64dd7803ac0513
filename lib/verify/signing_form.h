#pragma once

#include <functional>
#include <string_view>

#include "handshake/finish.h"

namespace attestrd {

/// Receives a text in pieces.
using ByteSink = std::function<void(std::string_view piece)>;

/// Writes `json`, a text without a fault by `scan_object`, to `sink` in the given form: the bytes
/// that Attestr may have signed.
void write_signing_form(SigningForm form, std::string_view json, const ByteSink& sink);

}  // namespace attestrd
