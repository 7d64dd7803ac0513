#pragma once

#include "spelled_json.h"

#include <string>
#include <string_view>

namespace attestrd::simulator {

/// The text of `result` that is signed. Attestr does not document it, so all forms are supported.
enum class SigningForm {
  raw,        ///< The text in the answer, including white space.
  compact,    ///< The same tokens without the white space between them.
  stringify,  ///< ECMAScript's JSON.stringify(JSON.parse(text)).
};

/// Parses a name of an enumerator. Throws std::invalid_argument.
SigningForm parse_signing_form(std::string_view name);

/// Returns the text that is signed. `layout`: that of the answer; `depth`: the depth of `result` in
/// it.
std::string signed_text(const SpelledJson& result, SigningForm form, Layout layout, int depth);

/// Returns the HMAC-SHA-256 (RFC 2104, FIPS 180-4) in 64 lower-case hexadecimal digits.
std::string hmac_sha256_hex(std::string_view secret, std::string_view text);

}  // namespace attestrd::simulator
