#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace attestrd {

/// What the command line asks for; returns the exit code.
using Command = std::function<int()>;

// Each adds its subcommand to `app`; should that be the one, parsing sets `chosen`.
void add_run(CLI::App& app, Command& chosen);
void add_submit(CLI::App& app, Command& chosen);
void add_status(CLI::App& app, Command& chosen);
void add_explain(CLI::App& app, Command& chosen);
void add_verify(CLI::App& app, Command& chosen);
void add_check_config(CLI::App& app, Command& chosen);
void add_version(CLI::App& app, Command& chosen);

/// `--config FILE` of a subcommand; without it `file` stays what it is.
void add_config_option(CLI::App& command, std::filesystem::path& file, const std::string& meaning);

}  // namespace attestrd
