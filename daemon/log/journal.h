#pragma once

#include <string>
#include <string_view>

#include "log/event.h"

namespace attestrd {

/// Returns whether the descriptor leads to journald. systemd then sets $JOURNAL_STREAM to its
/// device and inode: systemd.exec(5).
bool is_journal(int descriptor);

/// Returns the text with a prefix to each line, by which journald knows its priority: sd-daemon(3).
std::string with_priority(Level level, std::string_view text);

}  // namespace attestrd
