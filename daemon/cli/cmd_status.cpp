#include <fmt/format.h>
#include <sysexits.h>

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "daemon/cli/commands.h"
#include "daemon/config/config.h"
#include "daemon/cli/control_client.h"
#include "daemon/service/exit_code.h"
#include "daemon/cli/queue_reader.h"
#include "runtime/system_clock.h"
#include "daemon/control/status.h"

namespace attestrd {
namespace {

struct StatusOptions {
  std::filesystem::path config_file{kDefaultConfigFile};
  bool as_json = false;
};

Result<StatusReport> read_queue(const Config& config) {
  const auto reader = QueueReader::open(config);
  if (!reader) return reader.error();
  const auto counts = reader->queue->count();
  if (!counts) return counts.error();

  StatusReport report;
  report.now = read_clocks().wall;
  report.handshakes.pending = counts->polling;
  report.handshakes.settling = counts->staged;
  report.oldest_pending = counts->oldest_pending;
  return report;
}

int status(const StatusOptions& options) {
  const auto config = load_config(options.config_file);
  if (!config) return exit_with(config.error());
  if (!config->admin.socket.empty()) {
    const auto answer = ask_daemon(config->admin.socket, "/status",
                                   options.as_json ? "application/json" : "text/plain");
    if (answer) {
      fmt::print("{}", *answer);
      return EX_OK;
    }
    if (answer.error().code != Errc::not_found) return exit_with(answer.error());
  }
  const auto report = read_queue(*config);
  if (!report) return exit_with(report.error());
  fmt::print("{}", options.as_json ? status_json(*report) : status_text(*report));
  return EX_OK;
}

}  // namespace

void add_status(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "Tells how the daemon is and what is pending");
  add_config_option(*command, options->config_file, "The configuration");
  command->add_flag("--json", options->as_json, "One JSON object, for programs");
  command->footer(
      "Asks the daemon; while none runs, reads the queue itself.\n"
      "Exits with 69 when there is neither.\n\n"
      "Examples:\n"
      "  attestrd status\n"
      "  attestrd status --json | jq .pending");
  command->callback([options, &chosen] { chosen = [options] { return status(*options); }; });
}

}  // namespace attestrd
