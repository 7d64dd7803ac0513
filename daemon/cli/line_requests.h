#pragma once

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"

namespace attestrd {

/// The route of a command that takes lines, each an id or the name of a record.
struct LineRoute {
  std::string_view target;
  std::string_view accept = "text/plain";
  /// The lines of one request. Its answer must be complete within seconds, and fit into the memory
  /// of the client.
  std::size_t most_lines = 4096;
  bool takes_minutes = false;  ///< One request may.
  std::FILE* out = stdout;     ///< The stream that receives the answers.
};

/// Returns the format of the answers that the command asks for.
std::string_view accepted_format(const Given& given);

/// Sends POST requests to the daemon, until all lines are sent, and prints each answer at once.
/// Returns whether no answer was negative (see post_to_daemon). Errors: `unavailable` also if there
/// is no control socket or no daemon, else those of post_to_daemon.
Result<bool> send_lines(const Config& config, const LineRoute& route,
                        std::span<const std::string> lines);

}  // namespace attestrd
