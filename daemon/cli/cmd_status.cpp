#include <fmt/format.h>
#include <sysexits.h>

#include <memory>
#include <string>

#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/control/control_client.h"
#include "daemon/service/exit_code.h"
#include "daemon/cli/queue_reader.h"
#include "runtime/system_clock.h"
#include "daemon/control/status.h"

namespace attestrd {
namespace {

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

}  // namespace

int cmd_status(const Given& given) {
  const auto config = load_config(given.config_file, {"paths", "admin"});
  if (!config) return exit_with(config.error());
  if (!config->admin.socket.empty()) {
    const auto answer = ask_daemon(config->admin.socket, "/status",
                                   given.has("--json") ? "application/json" : "text/plain");
    if (answer) {
      fmt::print("{}", *answer);
      return EX_OK;
    }
    if (answer.error().code != Errc::not_found) return exit_with(answer.error());
  }
  const auto report = read_queue(*config);
  if (!report) return exit_with(report.error());
  fmt::print("{}", given.has("--json") ? status_json(*report) : status_text(*report));
  return EX_UNAVAILABLE;  // For scripts: no daemon runs.
}

}  // namespace attestrd
