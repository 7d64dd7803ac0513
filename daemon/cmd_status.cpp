#include <fmt/format.h>
#include <sysexits.h>

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "commands.h"
#include "config.h"
#include "control_client.h"
#include "exit_code.h"
#include "files/posix_lock.h"
#include "queue/sqlite_queue.h"
#include "runtime/system_clock.h"
#include "status.h"

namespace attestrd {
namespace {

struct StatusOptions {
  std::string config_file{kDefaultConfigFile};
  bool as_json = false;
};

/// Reads the queue itself, under the lock that a daemon would hold.
Result<StatusReport> read_queue(const Config& config) {
  const auto& path = config.paths.queue;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    const bool is_hidden = error == std::errc::permission_denied;
    return fail(is_hidden ? Errc::permission_denied : Errc::unavailable,
                fmt::format("{}: {}", path.string(),
                            is_hidden ? "you may not look there"
                                      : "there is no queue; has the daemon ever run?"));
  }
  const auto lock = FileLock::acquire(queue_lock_file(config).string());
  if (!lock && lock.error().code == Errc::unavailable) {
    return fail(
        Errc::unavailable,
        fmt::format("the daemon runs, but does not answer on admin.socket ({}): {}",
                    config.admin.socket.empty() ? "none is set" : config.admin.socket.string(),
                    lock.error().message));
  }
  if (!lock) return lock.error();
  const auto queue = SqliteQueue::open_read_only(path.string());
  if (!queue) return queue.error();
  const auto counts = (*queue)->count();
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
  command->add_option("--config", options->config_file, "The configuration")
      ->type_name("FILE")
      ->capture_default_str();
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
