#pragma once

#include <string_view>

#include "daemon/cli/command_table.h"

namespace attestrd {

/// Sends POST `target` to the daemon, prints its answer, and returns the exit code of the command.
/// Waits until the change is durable.
int send_change(const Given& given, std::string_view target);

/// Does the same with the ids of the operands or of stdin, or those that have the tag of `--tag`,
/// in as many requests as it takes. `target` is a slash and the name of the command. Returns
/// EX_DATAERR if the change did not apply to one of them. `nothing_done` is for the message about
/// an operand that is not an id.
int send_change_of_ids(const Given& given, std::string_view target, std::string_view nothing_done);

}  // namespace attestrd
