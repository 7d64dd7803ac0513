#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attestrd::fuzz {

/// A token of a JSON text, as Boost.JSON reads it.
struct JsonEvent {
  enum class Kind : std::uint8_t {
    begin_object,
    end_object,
    begin_array,
    end_array,
    key,
    string,
    number,
    boolean,
    null,
  };
  Kind kind{};
  std::string text;  ///< A key or a string unescaped, a number unchanged, `true` or `false`.

  friend bool operator==(const JsonEvent&, const JsonEvent&) = default;
};

using JsonEvents = std::vector<JsonEvent>;

/// Returns the tokens that Boost.JSON finds in a JSON text; nothing if it is invalid. Accepts what
/// json/json_scanner accepts, and shares no code with it.
///
/// Boost.JSON 1.81 and RFC 8259 differ in two points, which are hidden here: it refuses an escaped
/// lone surrogate (returned as the three bytes of WTF-8), and an exponent that no int can represent
/// (shortened here, see `with_short_exponent`).
std::optional<JsonEvents> json_events(std::string_view text, std::size_t max_depth = 512);

/// Returns a number with its exponent cut to its first seven significant digits, which does not
/// change its value: too great or too small for any double.
std::string with_short_exponent(std::string_view number);

}  // namespace attestrd::fuzz
