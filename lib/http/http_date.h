#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace attestrd {

/// An HTTP-date (RFC 9110, 5.6.7) in any of its three forms:
///
///     Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
///     Sunday, 06-Nov-94 08:49:37 GMT   RFC 850
///     Sun Nov  6 08:49:37 1994         asctime
///
/// Names and separators must stand as in the grammar. Whether the name of the day fits the date is
/// not asked. A leap second is the second after it. A two-digit year is the last one with these
/// digits that lies at most 50 years after `now`.
std::optional<Wall> read_http_date(std::string_view text, Wall now);

}  // namespace attestrd
