#pragma once

#include <functional>
#include <string_view>

#include "handshake/finish.h"

namespace attestrd {

/// A function that receives a text in pieces.
using ByteSink = std::function<void(std::string_view piece)>;

/// Writes `json` to `sink` in the given form: the bytes that Attestr may have signed. `json` must
/// be a text in which `scan_object` finds no fault.
void write_signing_form(SigningForm form, std::string_view json, const ByteSink& sink);

}  // namespace attestrd
