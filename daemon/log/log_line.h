#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "log/notice.h"

namespace attestrd {

enum class LogFormat : std::uint8_t { json, text };

/// Formats one line of the log, with its newline. The fields are in the order of Notice's members;
/// fields that are not set are left out. Whatever a field contains, the result is one line of valid
/// UTF-8: control characters and invisible ones (is_invisible()) are escaped, and bytes that are
/// not UTF-8 become U+FFFD.
std::string format_log_line(const Notice& notice, Wall time, LogFormat format);

}  // namespace attestrd
