#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.h"

namespace attestrd {

/// A way of signing that gives a signature: a text, its writer and a key.
struct SigningMethod {
  std::string_view text;   ///< The words for the signed text.
  std::size_t secret = 0;  ///< The number of the client secret, from 1.
  std::string_view key;    ///< The words for the use of the secret as a key.
  std::string writer;      ///< `raw`, `compact`, `stringify`, or a style of json_styles().
};

/// Tries each combination of a text (the result alone; the answer without its signature), a writer
/// (the three signing forms, and each of json_styles(), also with sorted keys), a secret, and a use
/// of it (its text; the bytes that it spells in hex or in base64). Returns those that give
/// `signature` as an HMAC-SHA-256 in hex, in that order. `answer` must be a text in which
/// `scan_object` finds no fault, and `result` its member.
std::vector<SigningMethod> find_signing_methods(std::string_view answer, std::string_view result,
                                                std::string_view signature,
                                                const std::vector<Secret>& secrets);

}  // namespace attestrd
