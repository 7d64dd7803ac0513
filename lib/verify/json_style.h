#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "verify/signing_form.h"

namespace attestrd {

/// The text that a JSON library writes for a value. `attestrd verify --diagnose` tries the styles
/// of json_styles(); results are never delivered by them.
struct JsonStyle {
  enum class Numbers : std::uint8_t { unchanged, ecmascript, python, php, java };

  std::string_view name;
  std::string_view comma = ",";
  std::string_view colon = ":";
  Numbers numbers = Numbers::unchanged;
  bool escapes_slash = false;       ///< `\/`
  bool escapes_non_ascii = false;   ///< All above U+007E.
  bool escapes_delete = false;      ///< U+007F.
  bool escapes_separators = false;  ///< U+2028 and U+2029.
  bool escapes_html = false;        ///< `<`, `>`, `&`, `=` and the apostrophe.
  bool has_upper_hex = false;       ///< `\u001F`
  bool omits_null = false;          ///< Members whose value is null.
};

/// Returns the styles of Python, PHP, Java and JavaScript that are documented in attestrd-spool(5).
std::span<const JsonStyle> json_styles();

/// Writes `json`, a valid text, in a style; with the members of each object in the order of the
/// code points of their keys if `sorts_keys` is set.
void write_json(std::string_view json, const JsonStyle& style, bool sorts_keys,
                const ByteSink& sink);

}  // namespace attestrd
