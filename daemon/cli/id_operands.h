#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/cli/command_table.h"

namespace attestrd {

/// Returns the ids from the operands of a command, or from stdin, one per line. Prints those that
/// are no ids; the error then says `nothing_done`.
Result<std::vector<std::string>> read_ids(const Given& given, std::string_view nothing_done);

/// Returns whether the command line names handshakes in one way: by their ids, or by `--tag`, which
/// may be with `--all`. Prints the usage if not.
bool names_handshakes(const Given& given, std::string_view command);

}  // namespace attestrd
