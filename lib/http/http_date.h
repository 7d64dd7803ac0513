#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace attestrd {

/// Reads an HTTP-date (RFC 9110, 5.6.7) in any of its three forms:
///
///     Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
///     Sunday, 06-Nov-94 08:49:37 GMT   RFC 850
///     Sun Nov  6 08:49:37 1994         asctime
///
/// Returns nothing for any other text. Names and separators must match the grammar. The name of the
/// day is not compared with the date.
/// A leap second counts as the second after it. A two-digit year is the last year with these digits
/// that is at most 50 years after `now`.
std::optional<Wall> read_http_date(std::string_view text, Wall now);

}  // namespace attestrd
