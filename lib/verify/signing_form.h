#pragma once

#include <functional>
#include <string_view>

#include "handshake/finish.h"

namespace attestrd {

/// A function that receives a text in pieces.
using ByteSink = std::function<void(std::string_view piece)>;

/// Returns the first number of `json` that is_same_number() distinguishes from the number that
/// JSON.stringify writes for it, or an empty text. Where the form `stringify` is signed and the
/// text is delivered, such a number has another value than the signed one. `json` must be valid.
std::string_view number_that_stringify_changes(std::string_view json);

/// Writes `json` to `sink` in the given form: the bytes that Attestr may have signed. `json` must
/// be a text in which `scan_object` finds no fault.
void write_signing_form(SigningForm form, std::string_view json, const ByteSink& sink);

}  // namespace attestrd
