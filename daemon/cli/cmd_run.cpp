#include <CLI/App.hpp>
#include <csignal>
#include <memory>
#include <utility>

#include "daemon/service/assemble.h"
#include "daemon/cli/commands.h"
#include "daemon/config/config.h"
#include "daemon/service/exit_code.h"
#include "daemon/config/secrets.h"

namespace attestrd {
namespace {

int run(const RunOptions& options) {
  // A peer or a reader of the log that is gone is an error like any other.
  std::signal(SIGPIPE, SIG_IGN);
  auto config = load_config(options.config_file);
  if (!config) return exit_with(config.error());
  auto secrets = read_secrets(*config);
  if (!secrets) return exit_with(secrets.error());
  return run_daemon(*config, std::move(*secrets), options);
}

}  // namespace

void add_run(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<RunOptions>();
  options->config_file = kDefaultConfigFile;
  CLI::App* command = app.add_subcommand("run", "Runs the daemon in the foreground");
  add_config_option(*command, options->config_file, "The configuration");
  command->add_flag("--until-empty", options->until_empty,
                    "Exit with 0 once the inbox and the queue are empty");
  command->footer(
      "SIGTERM and SIGINT end it, SIGHUP reads the configuration again. The log is on "
      "stdout.\n\n"
      "Examples:\n"
      "  attestrd run\n"
      "  attestrd run --config ./attestrd.toml --until-empty");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace attestrd
