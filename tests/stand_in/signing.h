#pragma once

#include "spelled_json.h"

#include <string>
#include <string_view>

namespace attestrd::simulator {

/// Which text of `result` is signed. The documents of Attestr do not say, so all are played.
enum class SigningForm {
  raw,        ///< As it stands in the answer, white space included.
  compact,    ///< The same tokens without the white space between them.
  stringify,  ///< What ECMAScript's JSON.stringify(JSON.parse(text)) gives.
};

/// By the names above. Throws std::invalid_argument.
SigningForm parse_signing_form(std::string_view name);

/// `layout` is the answer's; `depth` is where `result` stands in it.
std::string signed_text(const SpelledJson& result, SigningForm form, Layout layout, int depth);

/// HMAC-SHA-256 (RFC 2104, FIPS 180-4) in 64 lower-case hexadecimal digits.
std::string hmac_sha256_hex(std::string_view secret, std::string_view text);

}  // namespace attestrd::simulator
