#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace attestrd {

/// Which bytes of `result` Attestr signed. The document says "hmacHexDigest of result object" and
/// no more, so each likely reading has a name.
enum class SigningForm : std::uint8_t {
  raw,        ///< The text of `result` exactly as it stands in the answer.
  compact,    ///< The same tokens, with the white space between them removed.
  stringify,  ///< ECMAScript's JSON.stringify(JSON.parse(text)).
};

std::string_view name_of(SigningForm form);

/// Takes a text in pieces.
using ByteSink = std::function<void(std::string_view piece)>;

/// Writes `json`, a text in which `scan_object` found no fault, in the form given.
void write_signing_form(SigningForm form, std::string_view json, const ByteSink& sink);

}  // namespace attestrd
