#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "log/notice.h"

namespace attestrd {

enum class LogFormat : std::uint8_t { json, text };

/// One line of the log, with its newline. The fields stand in the order of Notice's members; what
/// is not set is left out. Whatever a field holds, the line stays one line of valid UTF-8: control
/// characters are escaped, and bytes that are no UTF-8 become U+FFFD.
std::string format_log_line(const Notice& notice, Wall time, LogFormat format);

}  // namespace attestrd
