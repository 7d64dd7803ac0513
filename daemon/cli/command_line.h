#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace attestrd {

/// Declares every command of the table to the parser. When a command is parsed, `chosen` is set to
/// the call that runs it.
void add_commands(CLI::App& app, std::function<int()>& chosen);

/// Parses the command line, runs the command, and returns the exit code of the process.
int run_command_line(int argc, char** argv);

}  // namespace attestrd
