#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/cli/command_table.h"

namespace attestrd {

/// Returns the ids from the operands of a command, or from stdin, one per line, each once. Prints
/// those that are no ids; the error then says `nothing_done`. Error: `io_failure` if stdin can't be
/// read to its end.
Result<std::vector<std::string>> read_ids(const Given& given, std::string_view nothing_done);

/// Returns `io_failure` if reading from stdin has failed, which would else look like its end.
Result<void> check_stdin();

/// Returns whether the command line names handshakes in one way: by their ids, or by `--tag`, which
/// may be with `--all`. Prints the usage if not.
bool names_handshakes(const Given& given, std::string_view command);

}  // namespace attestrd
